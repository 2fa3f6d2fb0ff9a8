"""The product's own way to answer, and what every way to answer is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.core.errors import WorkerFailed
from app.core.events import Answered
from app.core.requests import AskRequest
from app.core.types import Answer, Video, from_json
from app.evaluation.cases import Case
from app.evaluation.modes.views import View
from app.services.ask import AskService


class Asker(Protocol):
    """Answers a case about one video."""

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The answer. Raises LongreelError; an error is never an answer."""
        ...


class AgentAsker:
    """The agent, through the use case. `view`: what it sees of the video; None for everything."""

    def __init__(self, service: AskService, view: View | None = None) -> None:
        self._service = service
        self._view = view

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The agent's last word."""
        about = self._view.of(video) if self._view else video
        request = AskRequest(case.question, options=tuple(case.options))
        for event in self._service.stream(request, [about], cancelled=cancelled):
            if isinstance(event, Answered):
                return from_json(Answer, event.answer)
        raise WorkerFailed("The agent ended without an answer.", "Ask again; see the log.")
