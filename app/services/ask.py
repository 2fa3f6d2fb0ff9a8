"""The use case: ask a question about videos and store the answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agents.plans import plan_from_json, plan_to_json
from app.core.errors import BadInput, Cancelled, NotFound
from app.core.events import Answered, Delta, Event, Understood, Warned
from app.core.settings import Agent
from app.core.stored_answers import dump_trace
from app.core.types import Video
from app.db.library import SqlLibrary
from app.db.threads import Thread
from app.services.threads import ThreadService

if TYPE_CHECKING:
    from agents.agent import VideoAgent

LONGEST_QUESTION = 2000
MOST_OPTIONS = 26


class AskService:
    """Answers questions about videos that are ready, alone or in conversations."""

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
        plan: Mapping[str, Any] | None = None,
        run_id: str = "",
        limits: Agent | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Streams the agent's steps; the last event is `Answered`.

        No videos means those of the thread, or the whole library; videos that are not ready are left out with a
        warning. In a thread, the question may refer to earlier ones. `plan`: a plan from the method `plan`, possibly
        edited. With a `run_id`, an answer whose process was killed continues where it stopped when asked again under
        the same id; the saved state is deleted once the answer is stored or cancelled. `limits`: settings for this
        answer only.

        Raises BadInput for an invalid question or plan, NotFound if no video is ready.
        """
        question = " ".join(question.split())
        _check(question, options)
        asked = videos or (self.threads.videos(thread) if thread else ()) or self._library.videos()
        ready, unread = [v for v in asked if v.ready], [v for v in asked if not v.ready]
        if not ready:
            raise _nothing_ready(unread)
        turns = self.threads.remembered(thread) if thread else ()
        given = plan_from_json(plan) if plan else None
        agent, trace = self._agent(), list[Event]()
        how: dict[str, Any] = {"plan": given, "run_id": run_id, "limits": limits, "cancelled": cancelled}
        steps = agent.ask(question, ready, options=options, turns=turns, **how)
        try:
            for event in itertools.chain([_left_out(unread)] if unread else [], steps):
                if not isinstance(event, Delta):
                    trace.append(event)
                if isinstance(event, Answered):
                    event = replace(event, id=self._keep(question, ready, event, trace, thread))
                    agent.forget(run_id)
                yield event
        except Cancelled:
            agent.forget(run_id)
            raise

    def plan(self, question: str, thread: Thread | None = None) -> dict[str, Any]:
        """The plan for answering a question, as data that can be edited and passed to `stream`. Raises BadInput."""
        question = " ".join(question.split())
        _check(question, ())
        turns = self.threads.remembered(thread) if thread else ()
        return plan_to_json(self._agent().plan(question, turns))

    def _keep(
        self, question: str, videos: Sequence[Video], answered: Answered, trace: Sequence[Event], thread: Thread | None
    ) -> str:
        """Stores the answer to the complete question, and in a thread the turn as the user wrote it."""
        whole = next((event.question for event in trace if isinstance(event, Understood)), question)
        id = self._library.save_answer(whole, [video.id for video in videos], answered.answer, dump_trace(trace))
        if thread:
            self.threads.keep(thread, question, id)
        return id


def _nothing_ready(unread: Sequence[Video]) -> NotFound:
    if not unread:
        return NotFound("There is no video in the library yet.", "Ingest a video and wait until it is ready.")
    return NotFound(_unread(unread), "Wait until it is ready; its job shows the progress.")


def _left_out(unread: Sequence[Video]) -> Warned:
    return Warned(f"{_unread(unread)} The answer uses only the others.")


def _unread(videos: Sequence[Video]) -> str:
    more = f" and {len(videos) - 3} more" if len(videos) > 3 else ""
    return f"Not fully ingested yet: {', '.join(video.title for video in videos[:3])}{more}."


def _check(question: str, options: Sequence[str]) -> None:
    if not question:
        raise BadInput("The question is empty.", "Ask about something said, shown or written in a video.")
    if len(question) > LONGEST_QUESTION:
        raise BadInput(f"The question is longer than {LONGEST_QUESTION} characters.", "Shorten it.")
    if len(options) == 1 or len(options) > MOST_OPTIONS:
        raise BadInput(f"A multiple-choice question needs 2 to {MOST_OPTIONS} options.", "Give more or fewer.")
    if any(not option.strip() for option in options):
        raise BadInput("An option is empty.", "Give every option some text.")
