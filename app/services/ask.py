"""The use case: ask a question about videos and store the answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agents.plans import plan_from_json, plan_to_json
from app.core.errors import BadInput, Cancelled, NotFound
from app.core.events import Answered, Delta, Event, Understood, Warned
from app.core.requests import AskRequest
from app.core.settings import Agent
from app.core.stored_answers import dump_trace, used_videos
from app.core.timecode import clock
from app.core.types import Turn, Video
from app.db.library import SqlLibrary
from app.db.threads import Thread
from app.services.threads import ThreadService

if TYPE_CHECKING:
    from agents.agent import VideoAgent


class AskService:
    """Answers questions about videos that are ready, alone or in conversations."""

    def __init__(
        self,
        agent: Callable[[], VideoAgent],
        library: SqlLibrary,
        threads: ThreadService,
        limits: Callable[[], Agent | None] = lambda: None,
    ) -> None:
        """`limits` gives the settings for an answer that has none of its own; None leaves it to the agent."""
        self._agent = agent
        self._limits = limits
        self._library = library
        self._is_closed = False
        self.threads = threads

    def stream(
        self,
        request: AskRequest,
        videos: Sequence[Video] = (),
        *,
        turns: Sequence[Turn] = (),
        limits: Agent | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Streams the agent's steps; the last event is `Answered`.

        `videos` are those that the request names. None means those of its thread, or the whole library; those that
        are not ready are left out with a warning. In a thread, or after earlier `turns`, the question may refer to
        earlier ones. What a run has saved is deleted once its answer is stored or cancelled, or a video is gone.
        `limits`: settings for this answer only.

        Raises BadInput for an invalid plan or a box that is not in one video, NotFound if no video is ready or there is
        no such thread.
        """
        question, run_id = request.question, request.run
        thread = self.threads.find(request.thread) if request.thread else None
        in_scope = videos or (self.threads.videos(thread) if thread else ()) or self._library.videos()
        ready, unread = [v for v in in_scope if v.ready], [v for v in in_scope if not v.ready]
        if not in_scope:
            raise NotFound("There is no video in the library yet.", "Ingest a video and wait until it is ready.")
        if not ready:
            raise NotFound(_unread(unread), "Wait until it is ready; its job shows the progress.")
        _check_box(request, ready)
        turns = self.threads.remembered(thread) if thread else turns
        plan = plan_from_json(request.plan) if request.plan else None
        agent, trace = self._agent(), list[Event]()
        limits = limits or self._limits()
        how: dict[str, Any] = {"plan": plan, "run_id": run_id, "limits": limits, "cancelled": cancelled}
        how["region"] = request.box.region if request.box else None
        left_out = [Warned(f"{_unread(unread)} The answer uses only the others.")] if unread else []
        steps = agent.ask(question, ready, options=request.options, turns=turns, **how)
        try:
            for event in itertools.chain(left_out, steps):
                if not isinstance(event, Delta):
                    trace.append(event)
                if isinstance(event, Answered):
                    event = replace(event, id=self._keep(question, ready, event, trace, thread))
                    agent.forget(run_id)
                yield event
        except (Cancelled, GeneratorExit, NotFound):  # a caller who leaves between two steps closes the generator
            if not self._is_closed:
                agent.forget(run_id)
            raise

    def close(self) -> None:
        """Keeps what is saved of runs that stop from now on: they stop with the server, and can be resumed later."""
        self._is_closed = True

    def plan(self, question: str, thread: Thread | None = None) -> dict[str, Any]:
        """The plan for answering a question, as data that can be edited and passed to `stream`. Raises BadInput."""
        question = AskRequest(question).question
        turns = self.threads.remembered(thread) if thread else ()
        return plan_to_json(self._agent().plan(question, turns))

    def _keep(
        self, question: str, videos: Sequence[Video], answered: Answered, trace: Sequence[Event], thread: Thread | None
    ) -> str:
        """Stores the answer to the complete question, and in a thread the turn as the user wrote it."""
        whole = next((event.question for event in trace if isinstance(event, Understood)), question)
        steps = dump_trace(trace)
        about = used_videos(whole, videos, answered.answer, steps)
        id = self._library.save_answer(whole, about, answered.answer, steps)
        if thread:
            self.threads.keep(thread, question, id)
        return id


def _check_box(request: AskRequest, videos: Sequence[Video]) -> None:
    """Raises BadInput for a box that does not lie in the pictures of one video."""
    if request.box is None:
        return
    if len(videos) != 1:
        raise BadInput("A box belongs to one video, and the question is about several.", "Name the video.")
    (video,) = videos
    if video.media.video is None:
        raise BadInput(f"{video.title} has no pictures, so nothing can be in a box.", "Ask without the box.")
    if request.box.start_s > video.duration_s:
        hint = f"The video is {clock(video.duration_s)} long."
        raise BadInput(f"The box lies after the end of {video.title}.", hint)


def _unread(videos: Sequence[Video]) -> str:
    more = f" and {len(videos) - 3} more" if len(videos) > 3 else ""
    return f"Not fully ingested yet: {', '.join(video.title for video in videos[:3])}{more}."
