"""Who answers a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.core.errors import WorkerFailed
from app.core.events import Answered
from app.core.types import Answer, Video, from_json
from app.evaluation.cases import Case
from app.evaluation.modes.views import without_file
from app.services.ask import AskService


class Asker(Protocol):
    """Answers a case about one video."""

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The answer. Raises LongreelError; an error is never an answer."""
        ...


class AgentAsker:
    """The product's own way, through the use case. Without `looks`, the video's file is out of reach."""

    def __init__(self, service: AskService, *, looks: bool = True) -> None:
        self._service = service
        self._looks = looks

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The agent's last word."""
        about = video if self._looks else without_file(video)
        for event in self._service.stream(case.question, [about], options=case.options, cancelled=cancelled):
            if isinstance(event, Answered):
                return from_json(Answer, event.answer)
        raise WorkerFailed("The agent ended without an answer.", "Ask again; see the log.")
