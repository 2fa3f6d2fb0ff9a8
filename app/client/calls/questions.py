"""Questions and their answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict

from app.api.schemas import AnswerOut, FoundOut
from app.api.schemas.answers import QuestionOut
from app.api.schemas.plans import PlanBody
from app.api.schemas.ratings import RatingOut, SavedAnswerOut, Verdict
from app.api.schemas.threads import ConversationOut, ThreadOut
from app.client import following, wire
from app.client.call import PAGE, STREAMED, Call, model, models, nothing, quoted, video_path
from app.client.caller import Caller
from app.core.errors import WorkerFailed
from app.core.events import Event
from app.core.requests import AskRequest, DrawnBox
from app.core.types import SegmentKind


class Questions(Caller):
    """The calls that search and answer."""

    async def search(
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
        """The segments that match a text best, best first; with no videos and no collection, in the whole library.

        With a speaker's name, only what that person says.
        """
        where = {"video": wire.names_of(videos), "collection": collection, "start_s": start_s, "end_s": end_s}
        params = {"q": query, **where, "kind": [str(kind) for kind in kinds], "speaker": speaker, "limit": limit}
        return await self._do(Call("GET", "/v1/search", models(FoundOut), params))

    async def plan(self, question: str, *, thread: str = "") -> PlanBody:
        """How a question would be answered, without answering it."""
        body = {"question": question, "thread_id": thread or None}
        return await self._do(Call("POST", "/v1/plan", model(PlanBody), json=body))

    async def ask(
        self,
        question: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        options: Sequence[str] = (),
        thread: str = "",
        plan: PlanBody | None = None,
        run: str = "",
        max_steps: int | None = None,
        max_seconds: float | None = None,
        box: DrawnBox | None = None,
    ) -> AnswerOut:
        """The answer with its citations. Without videos, about those of the thread, or about the whole library.

        In a thread (its id, or "last") a question may refer back: "and after that?". `plan` is the result of `plan`,
        changed or not. `run` is a name of your choice: ask again under it after a crash and the answer resumes.
        `max_steps` (turns in which the model uses tools) and `max_seconds` cannot exceed the server's own limits.
        `box` is the part of one video's picture that the question is about.
        """
        names, choice = tuple(wire.names_of(videos)), tuple(options)
        data = plan.model_dump(mode="json") if plan else None
        arguments = question, names, collection, choice, thread, data, run
        request = AskRequest(*arguments, max_steps=max_steps, max_seconds=max_seconds, box=box)
        async with aclosing(self.ask_pulse(request)) as steps:
            async for step in steps:
                if isinstance(step, AnswerOut):
                    return step
        raise WorkerFailed("The server ended the stream without an answer.", "Ask again.")

    async def ask_stream(
        self,
        question: str,
        videos: str | Sequence[str] = (),
        *,
        collection: str = "",
        options: Sequence[str] = (),
        thread: str = "",
        plan: PlanBody | None = None,
        run: str = "",
        max_steps: int | None = None,
        max_seconds: float | None = None,
        box: DrawnBox | None = None,
    ) -> AsyncGenerator[Event | AnswerOut]:
        """The agent's steps as they happen, then the answer. Closing the iterator cancels the question."""
        names, choice = tuple(wire.names_of(videos)), tuple(options)
        data = plan.model_dump(mode="json") if plan else None
        arguments = question, names, collection, choice, thread, data, run
        request = AskRequest(*arguments, max_steps=max_steps, max_seconds=max_seconds, box=box)
        async with aclosing(self.ask_pulse(request)) as steps:
            async for step in steps:
                if step is not None:
                    yield step

    async def ask_pulse(self, request: AskRequest) -> AsyncGenerator[Event | AnswerOut | None]:
        """`ask_stream` with None now and then while nothing happens, because an iterator closes only between items.

        A request to `keep` is answered and stored though the iterator is closed; see `rejoin`.
        """
        body = {
            "question": request.question,
            "videos": request.videos,
            "collection": request.collection or None,
            "options": request.options,
            "thread_id": request.thread or None,
            "plan": request.plan,
            "run_id": request.run,
            "max_steps": request.max_steps,
            "max_seconds": request.max_seconds,
            "keep": request.keep,
            "box": asdict(request.box) if request.box else None,
        }
        call = Call("POST", "/v1/ask", nothing, json=body, headers=STREAMED)
        with wire.http_errors():
            async with self._events(call) as events:
                async for event in events:
                    yield following.step_of(event)

    async def question(self, run: str) -> QuestionOut:
        """A question that was asked with `keep` under a run: its state, and the answer's id at the end."""
        return await self._do(Call("GET", f"/v1/questions/{quoted(run)}", model(QuestionOut)))

    async def rejoin(self, run: str) -> AsyncGenerator[Event | AnswerOut | None]:
        """The steps of such a question from the first, those to come, and the answer, as `ask_pulse` yields them."""
        with wire.http_errors():
            async with self._events(Call("GET", f"/v1/questions/{quoted(run)}/events", nothing)) as events:
                async for event in events:
                    yield following.step_of(event)

    async def cancel_question(self, run: str) -> None:
        """Stops such a question."""
        await self._do(Call("DELETE", f"/v1/questions/{quoted(run)}", nothing))

    async def start_thread(
        self, videos: str | Sequence[str] = (), *, collection: str = "", title: str = ""
    ) -> ThreadOut:
        """Starts a conversation about some videos, or the whole library."""
        body = {"title": title, "videos": wire.names_of(videos), "collection": collection or None}
        return await self._do(Call("POST", "/v1/threads", model(ThreadOut), json=body))

    async def threads(self, *, limit: int = 50) -> list[ThreadOut]:
        """Conversations, most recently used first."""
        return await self._all(Call("GET", "/v1/threads", models(ThreadOut), {"limit": min(limit, PAGE)}), limit)

    async def thread(self, id: str) -> ConversationOut:
        """One conversation with its questions and answers."""
        return await self._do(Call("GET", f"/v1/threads/{quoted(id)}", model(ConversationOut)))

    async def delete_thread(self, id: str) -> None:
        """Deletes a conversation; its answers stay."""
        await self._do(Call("DELETE", f"/v1/threads/{quoted(id)}", nothing))

    async def answer(self, id: str) -> SavedAnswerOut:
        """An earlier answer, with its question."""
        return await self._do(Call("GET", f"/v1/answers/{quoted(id)}", model(SavedAnswerOut)))

    async def answers(self, name: str) -> list[SavedAnswerOut]:
        """The questions asked about a video and their answers, newest first."""
        return await self._all(Call("GET", video_path(name, "/answers"), models(SavedAnswerOut)))

    async def rate(self, id: str, verdict: Verdict, note: str = "") -> RatingOut:
        """Rates an answer as right or wrong; `note` may give the right answer. Replaces an earlier rating."""
        path = f"/v1/answers/{quoted(id)}/rating"
        return await self._do(Call("PUT", path, model(RatingOut), json={"verdict": verdict, "note": note}))

    async def ratings(self) -> list[RatingOut]:
        """People's ratings of answers, newest first."""
        return await self._all(Call("GET", "/v1/ratings", models(RatingOut)))
