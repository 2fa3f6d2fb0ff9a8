"""The use case: ask a question about videos and keep the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agents.agent import VideoAgent
from app.core.errors import BadInput, NotFound
from app.core.events import EVENT, Answered, Event
from app.core.types import Video
from app.db.library import SqlLibrary

LONGEST_QUESTION = 2000
MOST_OPTIONS = 26


class AskService:
    """Answers questions over videos that are ready."""

    def __init__(self, agent: Callable[[], VideoAgent], library: SqlLibrary) -> None:
        self._agent = agent
        self._library = library

    def stream(
        self,
        question: str,
        videos: Sequence[Video] = (),
        *,
        options: Sequence[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """The agent's steps as they happen; the last event is `Answered`. No videos means the whole library.

        Raises BadInput for a question that cannot be asked, NotFound when no video is ready.
        """
        question = " ".join(question.split())
        _check(question, options)
        ready = [v for v in (videos or self._library.videos()) if v.ready]
        if not ready:
            waiting = "is still being read" if videos else "is in the library yet"
            raise NotFound(f"No video {waiting}.", "Ingest a video and wait until it is ready.")
        trace: list[Event] = []
        for event in self._agent().ask(question, ready, options=options, cancelled=cancelled):
            trace.append(event)
            if isinstance(event, Answered):
                steps = [EVENT.dump_python(step, mode="json") for step in trace[:-1]]
                event = replace(
                    event, id=self._library.save_answer(question, [v.id for v in ready], event.answer, steps)
                )
            yield event


def _check(question: str, options: Sequence[str]) -> None:
    if not question:
        raise BadInput("The question is empty.", "Ask about something said, shown or written in a video.")
    if len(question) > LONGEST_QUESTION:
        raise BadInput(f"The question is longer than {LONGEST_QUESTION} characters.", "Shorten it.")
    if len(options) == 1 or len(options) > MOST_OPTIONS:
        raise BadInput(f"A multiple-choice question needs 2 to {MOST_OPTIONS} options.", "Give more or fewer.")
    if any(not option.strip() for option in options):
        raise BadInput("An option is empty.", "Give every option a text.")
