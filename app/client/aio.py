"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from app.api.schemas import (
    AnswerOut,
    ChapterOut,
    FoundOut,
    HealthOut,
    JobOut,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
)
from app.client import calls, wire
from app.client.calls import Call, Picture
from app.core.errors import WorkerFailed
from app.core.events import Event, ignore
from app.core.types import SegmentKind
from app.jobs.states import JobState

Result = TypeVar("Result")


class AsyncLongreel:
    """Speaks to one server. A video is named by its id, the beginning of its id, or its title.

    Every call may raise the LongreelError that the server answered, and WorkerFailed when it does not answer.
    Belongs to one event loop.
    """

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        self._http = httpx.AsyncClient(**wire.client_options(base_url, key), transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()

    async def health(self) -> HealthOut:
        """Whether the server answers, and its version."""
        return await self._do(calls.health())

    async def videos(self, q: str = "", *, ready: bool | None = None, language: str = "") -> list[VideoOut]:
        """The library, newest first; `q` is a part of the title."""
        return await self._all(calls.videos(q, ready, language))

    async def video(self, name: str) -> VideoOut:
        """One video."""
        return await self._do(calls.video(name))

    async def delete(self, name: str) -> None:
        """Forgets a video and its upload; a file that was registered by path stays."""
        await self._do(calls.delete(name))

    async def upload(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        tell: wire.Tell | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Sends a file of any size; `tell` hears how many bytes of how many are sent. It is read in the background."""
        given = Path(subtitles) if subtitles else None
        with wire.upload_form(Path(path), {"title": title, "language": language}, given, tell) as form:
            headers = calls.once(idempotency_key)
            with wire.http_errors():
                response = await self._http.post("/v1/videos", **form, headers=headers)
        return calls.job_of(wire.check(response))

    async def register(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Has a file read that lies on the server's own machine; only a loopback server without a key allows it."""
        return await self._do(calls.register(path, title, language, subtitles, idempotency_key))

    async def ingest(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        tell: Callable[[Event], None] = ignore,
    ) -> VideoOut:
        """Uploads a file, waits until it was read, and returns the video; `tell` hears what happens."""
        job = await self.upload(path, title=title, language=language, subtitles=subtitles)
        result = (await self.wait(job.id, tell=tell)).result or {}
        return await self.video(str(result["video_id"]))

    async def transcript(self, name: str, start_s: float = 0.0, end_s: float | None = None) -> list[UtteranceOut]:
        """What was said, in time order; with times the sentences that overlap them."""
        return await self._do(calls.transcript(name, start_s, end_s))

    async def subtitles(self, name: str, format: calls.SUBTITLES = "srt") -> str:
        """What was said, as the text of a subtitle file."""
        return await self._do(calls.subtitles(name, format))

    async def segments(
        self, name: str, *, kinds: Sequence[SegmentKind | str] = (), start_s: float = 0.0, end_s: float | None = None
    ) -> list[SegmentOut]:
        """What spans of a video say, show and write, in time order."""
        return await self._all(calls.segments(name, kinds, start_s, end_s))

    async def chapters(self, name: str) -> list[ChapterOut]:
        """Chapters in time order."""
        return await self._do(calls.chapters(name))

    async def summary(self, name: str) -> SummaryOut:
        """The video in short, with its chapters. Raises NotFound before it was read to its end."""
        return await self._do(calls.summary(name))

    async def thumbnail(self, name: str, time_s: float = 0.0) -> bytes:
        """WebP of the key frame nearest to a time."""
        return await self._do(calls.thumbnail(name, time_s))

    async def frame(self, name: str, time_s: float, *, side: int = 768) -> Picture:
        """The picture that the video shows at a time, at most `side` pixels on its longest side."""
        return await self._do(calls.frame(name, time_s, side))

    async def search(
        self,
        query: str,
        videos: str | Sequence[str] = (),
        *,
        kinds: Sequence[SegmentKind | str] = (),
        start_s: float = 0.0,
        end_s: float | None = None,
        limit: int = 10,
    ) -> list[FoundOut]:
        """The moments that fit a text best, best first; no videos means the whole library."""
        return await self._do(calls.search(query, wire.names_of(videos), kinds, start_s, end_s, limit))

    async def ask(self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()) -> AnswerOut:
        """The answer with its citations; no videos means the whole library."""
        async with aclosing(self.ask_pulse(question, videos, options=options)) as steps:
            async for step in steps:
                if isinstance(step, AnswerOut):
                    return step
        raise WorkerFailed("The server ended the stream without an answer.", "Ask again.")

    async def ask_stream(
        self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()
    ) -> AsyncGenerator[Event | AnswerOut]:
        """The agent's steps as they happen, then the answer. Closing the iterator cancels the question."""
        async with aclosing(self.ask_pulse(question, videos, options=options)) as steps:
            async for step in steps:
                if step is not None:
                    yield step

    async def ask_pulse(
        self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()
    ) -> AsyncGenerator[Event | AnswerOut | None]:
        """`ask_stream` with None now and then while nothing happens: an iterator can only be closed between items."""
        async with self._streamed(calls.ask(question, wire.names_of(videos), options)) as events:
            async for event in events:
                yield wire.step_of(event)

    async def jobs(self, state: JobState | str | None = None, *, kind: str = "", limit: int = 100) -> list[JobOut]:
        """Background work, newest first."""
        return await self._all(calls.jobs(state, kind, limit), limit)

    async def job(self, id: str) -> JobOut:
        """One job: its state, latest progress, result or error."""
        return await self._do(calls.job(id))

    async def cancel(self, id: str) -> JobOut:
        """Stops a job at its next safe place; what it finished is kept."""
        return await self._do(calls.cancel(id))

    async def retry(self, id: str, *, idempotency_key: str = "") -> JobOut:
        """Tries a failed or cancelled job again, from where it stopped."""
        return await self._do(calls.retry(id, idempotency_key))

    async def follow(self, id: str, *, timeout_s: float | None = None) -> AsyncGenerator[Event | JobOut]:
        """The events of a job from its first, also over lost connections; the last item is the job as it ended."""
        waiting = wire.Waiting(id, timeout_s)
        while True:
            lost = None
            try:
                async with self._connected(calls.events(id, waiting.after)) as events:
                    async for event in events:
                        told = waiting.take(event)
                        if told is not None:
                            yield told
                        if isinstance(told, JobOut):
                            return
            except httpx.HTTPError as error:
                lost = error
            await asyncio.sleep(waiting.lost(lost))

    async def wait(self, id: str, *, timeout_s: float | None = None, tell: Callable[[Event], None] = ignore) -> JobOut:
        """The job once it has finished; `tell` hears its events. Raises the error it failed with, or Cancelled."""
        async with aclosing(self.follow(id, timeout_s=timeout_s)) as events:
            async for event in events:
                if isinstance(event, JobOut):
                    return wire.ended_well(event)
                tell(event)
        raise WorkerFailed("The server ended the stream before the job.", "Wait for it again.")

    async def _do(self, call: Call[Result]) -> Result:
        return call.read(await self._send(call))

    async def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = await self._send(call)
        found = call.read(response)
        while "next" in response.links and (limit is None or len(found) < limit):
            with wire.http_errors():
                response = await self._http.get(response.links["next"]["url"])
            found += call.read(wire.check(response))
        return found[:limit]

    async def _send(self, call: Call[Any]) -> httpx.Response:
        with wire.http_errors():
            response = await self._http.request(call.method, call.path, **call.options())
        return wire.check(response)

    @asynccontextmanager
    async def _streamed(self, call: Call[None]) -> AsyncIterator[AsyncIterator[wire.ServerEvent]]:
        with wire.http_errors():
            async with self._connected(call) as events:
                yield events

    @asynccontextmanager
    async def _connected(self, call: Call[None]) -> AsyncIterator[AsyncIterator[wire.ServerEvent]]:
        async with self._http.stream(call.method, call.path, **call.options()) as response:
            if not response.is_success:
                await response.aread()
                wire.check(response)
            reader = wire.EventReader()
            events = (reader.feed(line) async for line in response.aiter_lines())
            yield (event async for event in events if event is not None)
