"""Who answers questions asked on the command line: a server that is running, or this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from app.api.schemas import AnswerOut
from app.commands.start import name_for_server
from app.core.errors import Cancelled
from app.core.events import Event
from app.core.requests import AskRequest

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.client import Longreel
    from app.core.types import Video

NEW = "new"
"""The name that stands for a new conversation."""
Titles = dict[str, tuple[str, str]]
"""Title and path by video id; the path is empty if it is not on this machine."""


class Answering(Protocol):
    """Answers questions."""

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """The id of the conversation of that name, or of a new one, and whether it is new. Raises NotFound."""
        ...

    def steps(self, request: AskRequest) -> Iterator[Event | AnswerOut]:
        """The agent's steps as they happen, then the answer."""
        ...

    def titles(self) -> Titles:
        """The titles of the videos that answers cite."""
        ...


@dataclass
class Here:
    """Answers in this process."""

    longreel: Services
    cancelled: Callable[[], bool]
    _videos: list[Video] = field(default_factory=list)

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """See `Answering`."""
        threads = self.longreel.ask.threads
        if name == NEW:
            return threads.start([self.longreel.library.find(video) for video in videos]).id, True
        return (threads.find(name).id if name else None), False

    def steps(self, request: AskRequest) -> Iterator[Event | AnswerOut]:
        """See `Answering`."""
        limits = {"max_steps": request.max_steps, "max_seconds": request.max_seconds}
        changes = {name: value for name, value in limits.items() if value is not None}
        agent = self.longreel.settings.agent.model_copy(update=changes)
        self._videos = self.longreel.library.scope(request.videos, request.collection)
        events: list[Event] = []
        for event in self.longreel.ask.stream(request, self._videos, limits=agent, cancelled=self.cancelled):
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
    cancelled: Callable[[], bool]

    def thread(self, name: str | None, videos: Sequence[str]) -> tuple[str | None, bool]:
        """See `Answering`."""
        if name == NEW:
            return self.longreel.start_thread(list(map(name_for_server, videos))).id, True
        return name, False

    def steps(self, request: AskRequest) -> Iterator[Event | AnswerOut]:
        """See `Answering`. Raises Cancelled soon after Ctrl-C."""
        named = replace(request, videos=tuple(map(name_for_server, request.videos)))
        with closing(self.longreel.ask_pulse(named)) as steps:
            for step in steps:
                if self.cancelled():
                    raise Cancelled("The question was cancelled.")
                if step is not None:
                    yield step

    def titles(self) -> Titles:
        """See `Answering`."""
        return {video.id: (video.title, "") for video in self.longreel.videos()}
