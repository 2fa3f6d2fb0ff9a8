"""Who answers questions asked on the command line: a server that is running, or this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from app.api.schemas import AnswerOut
from app.commands.start import name_for_server
from app.core.errors import Cancelled
from app.core.events import Event

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.client import Longreel
    from app.core.types import Video

NEW = "new"
"""The name that stands for a new conversation."""
Titles = dict[str, tuple[str, str]]
"""Title and path by video id; the path is empty if it is not on this machine."""


@dataclass(frozen=True)
class QuestionScope:
    """A question, and the names of the videos it is about."""

    videos: Sequence[str]
    text: str
    options: Sequence[str] = ()
    collection: str = ""


@dataclass(frozen=True)
class AskOptions:
    """How to answer all questions of a command."""

    run: str = ""
    """The name under which an interrupted answer resumes."""
    max_steps: int | None = None
    max_seconds: float | None = None


class Answering(Protocol):
    """Answers questions."""

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """The id of the conversation of that name, or of a new one, and whether it is new. Raises NotFound."""
        ...

    def steps(self, question: QuestionScope, thread: str | None) -> Iterator[Event | AnswerOut]:
        """The agent's steps as they happen, then the answer."""
        ...

    def titles(self) -> Titles:
        """The titles of the videos that answers cite."""
        ...


@dataclass
class Here:
    """Answers in this process."""

    longreel: Services
    options: AskOptions
    cancelled: Callable[[], bool]
    _videos: list[Video] = field(default_factory=list)

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """See `Answering`."""
        threads = self.longreel.ask.threads
        if name == NEW:
            return threads.start([self.longreel.library.find(video) for video in videos]).id, True
        return (threads.find(name).id if name else None), False

    def steps(self, question: QuestionScope, thread: str | None) -> Iterator[Event | AnswerOut]:
        """See `Answering`."""
        limits = {"max_steps": self.options.max_steps, "max_seconds": self.options.max_seconds}
        changes = {name: value for name, value in limits.items() if value is not None}
        self._videos = self.longreel.library.scope(question.videos, question.collection)
        events: list[Event] = []
        for event in self.longreel.ask.stream(
            question.text,
            self._videos,
            options=question.options,
            thread=self.longreel.ask.threads.find(thread) if thread else None,
            run_id=self.options.run,
            limits=self.longreel.settings.agent.model_copy(update=changes),
            cancelled=self.cancelled,
        ):
            events.append(event)
            yield event
        yield AnswerOut.from_events(events)

    def titles(self) -> Titles:
        """See `Answering`."""
        videos = self._videos or self.longreel.library.videos()
        return {video.id: (video.title, video.path) for video in videos}


@dataclass
class AtServer:
    """Has a running server answer, whose models are loaded already."""

    longreel: Longreel
    options: AskOptions
    cancelled: Callable[[], bool]

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """See `Answering`."""
        if name == NEW:
            return self.longreel.start_thread(list(map(name_for_server, videos))).id, True
        return name, False

    def steps(self, question: QuestionScope, thread: str | None) -> Iterator[Event | AnswerOut]:
        """See `Answering`. Raises Cancelled soon after Ctrl-C."""
        pulse = self.longreel.ask_pulse(
            question.text,
            list(map(name_for_server, question.videos)),
            collection=question.collection,
            options=question.options,
            thread=thread or "",
            run=self.options.run,
            max_steps=self.options.max_steps,
            max_seconds=self.options.max_seconds,
        )
        with closing(pulse) as steps:
            for step in steps:
                if self.cancelled():
                    raise Cancelled("The question was cancelled.")
                if step is not None:
                    yield step

    def titles(self) -> Titles:
        """See `Answering`."""
        return {video.id: (video.title, "") for video in self.longreel.videos()}
