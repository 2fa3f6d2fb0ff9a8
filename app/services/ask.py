"""The use case: ask a question about videos and keep the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agents.agent import VideoAgent
from app.core.errors import BadInput, NotFound
from app.core.events import EVENT, Answered, Event, Understood
from app.core.types import Video
from app.db.library import SqlLibrary
from app.db.threads import Thread
from app.services.threads import ThreadService

LONGEST_QUESTION = 2000
MOST_OPTIONS = 26


class AskService:
    """Answers questions over videos that are ready, also in conversations."""

    def __init__(self, agent: Callable[[], VideoAgent], library: SqlLibrary, threads: ThreadService) -> None:
        self._agent = agent
        self._library = library
        self.threads = threads

    def stream(
        self,
        question: str,
        videos: Sequence[Video] = (),
        *,
        options: Sequence[str] = (),
        thread: Thread | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """The agent's steps as they happen; the last event is `Answered`.

        No videos means those of the thread, or the whole library. In a thread the question may point back to earlier
        ones. Raises BadInput for a question that cannot be asked, NotFound when no video is ready.
        """
        question = " ".join(question.split())
        _check(question, options)
        chosen = videos or (self.threads.videos(thread) if thread else ())
        ready = [v for v in (chosen or self._library.videos()) if v.ready]
        if not ready:
            waiting = "is still being read" if chosen else "is in the library yet"
            raise NotFound(f"No video {waiting}.", "Ingest a video and wait until it is ready.")
        turns = self.threads.remembered(thread) if thread else ()
        trace: list[Event] = []
        for event in self._agent().ask(question, ready, options=options, turns=turns, cancelled=cancelled):
            trace.append(event)
            if isinstance(event, Answered):
                event = replace(event, id=self._keep(question, ready, event, trace, thread))
            yield event

    def _keep(
        self, question: str, videos: Sequence[Video], answered: Answered, trace: Sequence[Event], thread: Thread | None
    ) -> str:
        """Stores the answer to the whole question, and the turn of a thread as it was asked."""
        whole = next((event.question for event in trace if isinstance(event, Understood)), question)
        steps = [EVENT.dump_python(step, mode="json") for step in trace[:-1]]
        id = self._library.save_answer(whole, [video.id for video in videos], answered.answer, steps)
        if thread:
            self.threads.keep(thread, question, id)
        return id


def _check(question: str, options: Sequence[str]) -> None:
    if not question:
        raise BadInput("The question is empty.", "Ask about something said, shown or written in a video.")
    if len(question) > LONGEST_QUESTION:
        raise BadInput(f"The question is longer than {LONGEST_QUESTION} characters.", "Shorten it.")
    if len(options) == 1 or len(options) > MOST_OPTIONS:
        raise BadInput(f"A multiple-choice question needs 2 to {MOST_OPTIONS} options.", "Give more or fewer.")
    if any(not option.strip() for option in options):
        raise BadInput("An option is empty.", "Give every option a text.")
