"""Who answers a case: the agent in one mode, or a vision model that is shown evenly spaced frames once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.core.errors import Cancelled, MissingPart, WorkerFailed
from app.core.events import Answered
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, Usage, Video, from_json
from app.services.ask import AskService
from app.services.evaluation.cases import Case
from app.services.evaluation.choices import Prompt, read_letter
from app.services.evaluation.modes import UNIFORM_FRAMES, evenly

if TYPE_CHECKING:
    from agents.agent import AgentParts

FRAME_SIDE = 768


class Asker(Protocol):
    """Answers a case about one video."""

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The answer. Raises LongreelError; an error is never an answer."""
        ...


class AgentAsker:
    """The product's own way, through the use case."""

    def __init__(self, service: AskService) -> None:
        self._service = service

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The agent's last word."""
        for event in self._service.stream(case.question, [video], options=case.options, cancelled=cancelled):
            if isinstance(event, Answered):
                return from_json(Answer, event.answer)
        raise WorkerFailed("The agent ended without an answer.", "Ask again; see the log.")


class UniformAsker:
    """The usual baseline: evenly spaced frames and the benchmark's official prompt, one call of the vision model.

    A reply that names no option is no answer. The frames that were shown are its citations, unchecked.
    """

    def __init__(self, parts: Callable[[], AgentParts], prompt: Prompt) -> None:
        self._parts = parts
        self._prompt = prompt

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """What the model replied, read strictly."""
        started = time.monotonic()
        parts = self._parts()
        if parts.vision_language_model is None:
            raise MissingPart("Frames cannot be shown without a vision model.", "Set one, or use another mode.")
        if cancelled():
            raise Cancelled("The question was cancelled.")
        times = evenly(video.duration_s, UNIFORM_FRAMES) if video.media.video else []
        frames = list(parts.frames.at(Path(video.path), times, max_side=FRAME_SIDE))
        said = parts.vision_language_model.look(frames, self._prompt.of(case)) if frames else None
        text = said.text.strip() if said else ""
        tokens = (said.prompt_tokens, said.output_tokens) if said else (0, 0)
        usage = Usage(time.monotonic() - started, 1, len(frames), *tokens)
        option = read_letter(text, case.options) if case.options else None
        if not text or (case.options and option is None):
            return Answer(AnswerStatus.INSUFFICIENT, text, 0.0, (), None, usage)
        cited = tuple(
            Citation(video.id, TimeSpan(frame.pts_s, frame.pts_s), SegmentKind.VISUAL, "", frame.pts_s)
            for frame in frames
        )
        return Answer(AnswerStatus.ANSWERED, text, 0.5, cited, option, usage)
