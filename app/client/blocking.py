"""The client for programs that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
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


class Longreel:
    """Speaks to one server. A video is named by its id, the beginning of its id, or its title.

    Every call may raise the LongreelError that the server answered, and WorkerFailed when it does not answer.
    May be shared by threads.
    """

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        self._http = httpx.Client(**wire.client_options(base_url, key), transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def health(self) -> HealthOut:
        """Whether the server answers, and its version."""
        return self._do(calls.health())

    def videos(self, q: str = "", *, ready: bool | None = None, language: str = "") -> list[VideoOut]:
        """The library, newest first; `q` is a part of the title."""
        return self._all(calls.videos(q, ready, language))

    def video(self, name: str) -> VideoOut:
        """One video."""
        return self._do(calls.video(name))

    def delete(self, name: str) -> None:
        """Forgets a video and its upload; a file that was registered by path stays."""
        self._do(calls.delete(name))

    def upload(
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
                response = self._http.post("/v1/videos", **form, headers=headers)
        return calls.job_of(wire.check(response))

    def register(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Has a file read that lies on the server's own machine; only a loopback server without a key allows it."""
        return self._do(calls.register(path, title, language, subtitles, idempotency_key))

    def ingest(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        tell: Callable[[Event], None] = ignore,
    ) -> VideoOut:
        """Uploads a file, waits until it was read, and returns the video; `tell` hears what happens."""
        job = self.upload(path, title=title, language=language, subtitles=subtitles)
        result = self.wait(job.id, tell=tell).result or {}
        return self.video(str(result["video_id"]))

    def transcript(self, name: str, start_s: float = 0.0, end_s: float | None = None) -> list[UtteranceOut]:
        """What was said, in time order; with times the sentences that overlap them."""
        return self._do(calls.transcript(name, start_s, end_s))

    def subtitles(self, name: str, format: calls.SUBTITLES = "srt") -> str:
        """What was said, as the text of a subtitle file."""
        return self._do(calls.subtitles(name, format))

    def segments(
        self, name: str, *, kinds: Sequence[SegmentKind | str] = (), start_s: float = 0.0, end_s: float | None = None
    ) -> list[SegmentOut]:
        """What spans of a video say, show and write, in time order."""
        return self._all(calls.segments(name, kinds, start_s, end_s))

    def chapters(self, name: str) -> list[ChapterOut]:
        """Chapters in time order."""
        return self._do(calls.chapters(name))

    def summary(self, name: str) -> SummaryOut:
        """The video in short, with its chapters. Raises NotFound before it was read to its end."""
        return self._do(calls.summary(name))

    def thumbnail(self, name: str, time_s: float = 0.0) -> bytes:
        """WebP of the key frame nearest to a time."""
        return self._do(calls.thumbnail(name, time_s))

    def frame(self, name: str, time_s: float, *, side: int = 768) -> Picture:
        """The picture that the video shows at a time, at most `side` pixels on its longest side."""
        return self._do(calls.frame(name, time_s, side))

    def search(
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
        return self._do(calls.search(query, wire.names_of(videos), kinds, start_s, end_s, limit))

    def ask(self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()) -> AnswerOut:
        """The answer with its citations; no videos means the whole library."""
        for step in self.ask_stream(question, videos, options=options):
            if isinstance(step, AnswerOut):
                return step
        raise WorkerFailed("The server ended the stream without an answer.", "Ask again.")

    def ask_stream(
        self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()
    ) -> Generator[Event | AnswerOut, None, None]:
        """The agent's steps as they happen, then the answer. Closing the iterator cancels the question."""
        for step in self.ask_pulse(question, videos, options=options):
            if step is not None:
                yield step

    def ask_pulse(
        self, question: str, videos: str | Sequence[str] = (), *, options: Sequence[str] = ()
    ) -> Generator[Event | AnswerOut | None, None, None]:
        """`ask_stream` with None now and then while nothing happens: an iterator can only be closed between items."""
        with self._streamed(calls.ask(question, wire.names_of(videos), options)) as events:
            for event in events:
                yield wire.step_of(event)

    def jobs(self, state: JobState | str | None = None, *, kind: str = "", limit: int = 100) -> list[JobOut]:
        """Background work, newest first."""
        return self._all(calls.jobs(state, kind, limit), limit)

    def job(self, id: str) -> JobOut:
        """One job: its state, latest progress, result or error."""
        return self._do(calls.job(id))

    def cancel(self, id: str) -> JobOut:
        """Stops a job at its next safe place; what it finished is kept."""
        return self._do(calls.cancel(id))

    def retry(self, id: str, *, idempotency_key: str = "") -> JobOut:
        """Tries a failed or cancelled job again, from where it stopped."""
        return self._do(calls.retry(id, idempotency_key))

    def follow(self, id: str, *, timeout_s: float | None = None) -> Generator[Event | JobOut, None, None]:
        """The events of a job from its first, also over lost connections; the last item is the job as it ended."""
        waiting = wire.Waiting(id, timeout_s)
        while True:
            lost = None
            try:
                with self._connected(calls.events(id, waiting.after)) as events:
                    for event in events:
                        told = waiting.take(event)
                        if told is not None:
                            yield told
                        if isinstance(told, JobOut):
                            return
            except httpx.HTTPError as error:
                lost = error
            time.sleep(waiting.lost(lost))

    def wait(self, id: str, *, timeout_s: float | None = None, tell: Callable[[Event], None] = ignore) -> JobOut:
        """The job once it has finished; `tell` hears its events. Raises the error it failed with, or Cancelled."""
        with closing(self.follow(id, timeout_s=timeout_s)) as events:
            for event in events:
                if isinstance(event, JobOut):
                    return wire.ended_well(event)
                tell(event)
        raise WorkerFailed("The server ended the stream before the job.", "Wait for it again.")

    def _do(self, call: Call[Result]) -> Result:
        return call.read(self._send(call))

    def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = self._send(call)
        found = call.read(response)
        while "next" in response.links and (limit is None or len(found) < limit):
            with wire.http_errors():
                response = self._http.get(response.links["next"]["url"])
            found += call.read(wire.check(response))
        return found[:limit]

    def _send(self, call: Call[Any]) -> httpx.Response:
        with wire.http_errors():
            response = self._http.request(call.method, call.path, **call.options())
        return wire.check(response)

    @contextmanager
    def _streamed(self, call: Call[None]) -> Iterator[Iterator[wire.ServerEvent]]:
        with wire.http_errors(), self._connected(call) as events:
            yield events

    @contextmanager
    def _connected(self, call: Call[None]) -> Iterator[Iterator[wire.ServerEvent]]:
        with self._http.stream(call.method, call.path, **call.options()) as response:
            if not response.is_success:
                response.read()
                wire.check(response)
            reader = wire.EventReader()
            events = (reader.feed(line) for line in response.iter_lines())
            yield (event for event in events if event is not None)
