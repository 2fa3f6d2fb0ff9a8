"""Questions and their answers, for programs that wait."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from app.api.schemas import AnswerOut, FoundOut
from app.api.schemas.plans import PlanBody
from app.api.schemas.ratings import RatingOut, SavedAnswerOut, Verdict
from app.api.schemas.threads import ConversationOut, ThreadOut
from app.client import wire
from app.client.blocking.line import Line
from app.client.calls import questions as calls
from app.core.errors import WorkerFailed
from app.core.events import Event
from app.core.types import SegmentKind


class Questions(Line):
    """The calls that find and answer."""

    def search(
        self,
        query: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        kinds: Sequence[SegmentKind | str] = (),
        speaker: str = "",
        start_s: float = 0.0,
        end_s: float | None = None,
        limit: int = 10,
    ) -> list[FoundOut]:
        """The moments that fit a text best, best first; no videos and no collection mean the whole library.

        With a speaker's name, only what is said while that person speaks.
        """
        return self._do(calls.search(query, wire.names_of(videos), kinds, start_s, end_s, limit, collection, speaker))

    def plan(self, question: str, *, thread: str = "") -> PlanBody:
        """How a question would be answered, without answering it."""
        return self._do(calls.plan(question, thread))

    def ask(
        self,
        question: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        options: Sequence[str] = (),
        thread: str = "",
        plan: PlanBody | None = None,
        run: str = "",
    ) -> AnswerOut:
        """The answer with its citations; none named means the videos of the thread, or the whole library.

        In a thread (its id, or "last") a question may point back: "and after that?". `plan` is what `plan` gave, as it
        is or changed; `run` is any name, under which an answer that a crash cut short goes on when asked again.
        """
        pulse = self.ask_pulse(
            question, videos, collection=collection, options=options, thread=thread, plan=plan, run=run
        )
        with closing(pulse) as steps:
            for step in steps:
                if isinstance(step, AnswerOut):
                    return step
        raise WorkerFailed("The server ended the stream without an answer.", "Ask again.")

    def ask_stream(
        self,
        question: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        options: Sequence[str] = (),
        thread: str = "",
        plan: PlanBody | None = None,
        run: str = "",
    ) -> Generator[Event | AnswerOut, None, None]:
        """The agent's steps as they happen, then the answer. Closing the iterator cancels the question."""
        pulse = self.ask_pulse(
            question, videos, collection=collection, options=options, thread=thread, plan=plan, run=run
        )
        with closing(pulse) as steps:
            for step in steps:
                if step is not None:
                    yield step

    def ask_pulse(
        self,
        question: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        options: Sequence[str] = (),
        thread: str = "",
        plan: PlanBody | None = None,
        run: str = "",
    ) -> Generator[Event | AnswerOut | None, None, None]:
        """`ask_stream` with None now and then while nothing happens: an iterator can only be closed between items."""
        call = calls.ask(question, wire.names_of(videos), options, collection, thread, plan, run)
        with wire.http_errors(), self._events(call) as events:
            for event in events:
                yield wire.step_of(event)

    def start_thread(self, videos: str | Sequence[str] = (), *, collection: str = "", title: str = "") -> ThreadOut:
        """A new conversation about some videos, or the whole library."""
        return self._do(calls.start_thread(wire.names_of(videos), title, collection))

    def threads(self, *, limit: int = 50) -> list[ThreadOut]:
        """Conversations, the one used last first."""
        return self._all(calls.threads(limit), limit)

    def thread(self, id: str) -> ConversationOut:
        """One conversation with its questions and answers."""
        return self._do(calls.thread(id))

    def delete_thread(self, id: str) -> None:
        """Forgets a conversation; its answers stay."""
        self._do(calls.delete_thread(id))

    def answer(self, id: str) -> SavedAnswerOut:
        """An answer that was given, with its question."""
        return self._do(calls.answer(id))

    def answers(self, name: str) -> list[SavedAnswerOut]:
        """What was asked about a video, newest first."""
        return self._all(calls.answers(name))

    def rate(self, id: str, verdict: Verdict, note: str = "") -> RatingOut:
        """Says whether an answer is right; `note` may tell what would have been. Replaces an earlier rating."""
        return self._do(calls.rate(id, verdict, note))

    def ratings(self) -> list[RatingOut]:
        """What people said of answers, newest first."""
        return self._all(calls.ratings())
