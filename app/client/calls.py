"""Every call of the REST API as data: what to send, and how to read what comes back.

Both clients, the blocking one and the asynchronous one, only carry these over the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from app.api.schemas import (
    ChapterOut,
    FoundOut,
    HealthOut,
    JobOut,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
)
from app.api.schemas.batches import BatchOut, Length, Style
from app.api.schemas.ratings import RatingOut, SavedAnswerOut, Verdict
from app.api.schemas.status import StatusOut
from app.api.schemas.threads import ConversationOut, ThreadOut
from app.core.types import SegmentKind
from app.jobs.states import JobState

Result = TypeVar("Result")
Model = TypeVar("Model", bound=BaseModel)

SUBTITLES = Literal["srt", "vtt"]
PAGE = 1000
STREAMED = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request, and the reader of its answer."""

    method: str
    path: str
    read: Callable[[httpx.Response], Result]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """The keyword arguments of httpx's `request` besides method and path."""
        params = {name: value for name, value in self.params.items() if value not in (None, "", [], ())}
        return {"params": params or None, "json": self.json, "headers": dict(self.headers)}


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame of a video: JPEG, and the time in seconds at which the video shows it."""

    pts_s: float
    jpeg: bytes


def health() -> Call[HealthOut]:
    """Whether the server answers."""
    return Call("GET", "/v1/health", _model(HealthOut))


def status() -> Call[StatusOut]:
    """What the server runs on and what is missing."""
    return Call("GET", "/v1/status", _model(StatusOut))


def videos(q: str = "", ready: bool | None = None, language: str = "") -> Call[list[VideoOut]]:
    """The library, newest first."""
    params = {"q": q, "ready": ready, "language": language, "limit": PAGE}
    return Call("GET", "/v1/videos", _models(VideoOut), params)


def video(name: str) -> Call[VideoOut]:
    """One video."""
    return Call("GET", _video(name), _model(VideoOut))


def delete(name: str) -> Call[None]:
    """Forgets a video."""
    return Call("DELETE", _video(name), _nothing)


def register(
    path: str | Path, title: str | None, language: str | None, subtitles: str | Path | None, key: str
) -> Call[JobOut]:
    """A file of the server's own machine, to be read."""
    asked = {"path": str(path), "title": title, "language": language}
    asked["subtitles"] = str(subtitles) if subtitles else None
    return Call("POST", "/v1/videos", _model(JobOut), json=asked, headers=once(key))


def transcript(name: str, start_s: float = 0.0, end_s: float | None = None) -> Call[list[UtteranceOut]]:
    """What was said."""
    return Call("GET", _video(name, "/transcript"), _models(UtteranceOut), {"start_s": start_s, "end_s": end_s})


def subtitles(name: str, format: SUBTITLES) -> Call[str]:
    """What was said, as a subtitle file."""
    return Call("GET", _video(name, "/transcript"), lambda response: response.text, {"format": format})


def segments(
    name: str, kinds: Sequence[SegmentKind | str], start_s: float, end_s: float | None
) -> Call[list[SegmentOut]]:
    """What spans of a video say, show and write."""
    params = {"kind": [str(kind) for kind in kinds], "start_s": start_s, "end_s": end_s, "limit": PAGE}
    return Call("GET", _video(name, "/segments"), _models(SegmentOut), params)


def chapters(name: str) -> Call[list[ChapterOut]]:
    """Chapters in time order."""
    return Call("GET", _video(name, "/chapters"), _models(ChapterOut))


def summary(name: str) -> Call[SummaryOut]:
    """The video in short."""
    return Call("GET", _video(name, "/summary"), _model(SummaryOut))


def export(name: str, format: str) -> Call[bytes]:
    """A video as a file for another program."""
    return Call("GET", _video(name, "/export"), _content, {"format": format})


def media(name: str) -> Call[None]:
    """The file itself, as a stream."""
    return Call("GET", _video(name, "/media"), _nothing)


def thumbnail(name: str, time_s: float) -> Call[bytes]:
    """WebP of the key frame nearest to a time."""
    return Call("GET", _video(name, "/thumbnail"), _content, {"t": time_s})


def frame(name: str, time_s: float, side: int) -> Call[Picture]:
    """The picture at a time."""

    def read(response: httpx.Response) -> Picture:
        return Picture(float(response.headers["x-frame-time"]), response.content)

    return Call("GET", _video(name, "/frame"), read, {"t": time_s, "side": side})


def search(
    query: str,
    names: Sequence[str],
    kinds: Sequence[SegmentKind | str],
    start_s: float,
    end_s: float | None,
    limit: int,
) -> Call[list[FoundOut]]:
    """The moments that fit a text best."""
    params = {"q": query, "video": list(names), "kind": [str(kind) for kind in kinds]}
    return Call("GET", "/v1/search", _models(FoundOut), {**params, "start_s": start_s, "end_s": end_s, "limit": limit})


def jobs(state: JobState | str | None, kind: str, limit: int) -> Call[list[JobOut]]:
    """Background work, newest first."""
    params = {"state": state and str(state), "kind": kind, "limit": min(limit, PAGE)}
    return Call("GET", "/v1/jobs", _models(JobOut), params)


def job(id: str) -> Call[JobOut]:
    """One job."""
    return Call("GET", f"/v1/jobs/{_quoted(id)}", _model(JobOut))


def cancel(id: str) -> Call[JobOut]:
    """Stops a job."""
    return Call("DELETE", f"/v1/jobs/{_quoted(id)}", _model(JobOut))


def retry(id: str, key: str) -> Call[JobOut]:
    """Tries a failed or cancelled job again."""
    return Call("POST", f"/v1/jobs/{_quoted(id)}/retry", _model(JobOut), headers=once(key))


def events(id: str, after: int) -> Call[None]:
    """The events of a job with a number above `after`, as a stream."""
    return Call("GET", f"/v1/jobs/{_quoted(id)}/events", _nothing, headers=_streamed(after))


def ask(question: str, names: Sequence[str], options: Sequence[str], thread: str = "") -> Call[None]:
    """A question, its answer as a stream."""
    asked = {"question": question, "videos": list(names), "options": list(options), "thread_id": thread or None}
    return Call("POST", "/v1/ask", _nothing, json=asked, headers=STREAMED)


def start_thread(names: Sequence[str], title: str) -> Call[ThreadOut]:
    """A new conversation."""
    return Call("POST", "/v1/threads", _model(ThreadOut), json={"title": title, "videos": list(names)})


def threads(limit: int) -> Call[list[ThreadOut]]:
    """Conversations, the one used last first."""
    return Call("GET", "/v1/threads", _models(ThreadOut), {"limit": limit})


def thread(id: str) -> Call[ConversationOut]:
    """One conversation with its turns."""
    return Call("GET", f"/v1/threads/{_quoted(id)}", _model(ConversationOut))


def delete_thread(id: str) -> Call[None]:
    """Forgets a conversation."""
    return Call("DELETE", f"/v1/threads/{_quoted(id)}", _nothing)


def answer(id: str) -> Call[SavedAnswerOut]:
    """An answer that was given."""
    return Call("GET", f"/v1/answers/{_quoted(id)}", _model(SavedAnswerOut))


def answers(name: str) -> Call[list[SavedAnswerOut]]:
    """What was asked about a video, newest first."""
    return Call("GET", _video(name, "/answers"), _models(SavedAnswerOut))


def rate(id: str, verdict: Verdict, note: str) -> Call[RatingOut]:
    """Says whether an answer is right."""
    path = f"/v1/answers/{_quoted(id)}/rating"
    return Call("PUT", path, _model(RatingOut), json={"verdict": verdict, "note": note})


def ratings() -> Call[list[RatingOut]]:
    """What people said of answers, newest first."""
    return Call("GET", "/v1/ratings", _models(RatingOut))


def start_batch(
    names: Sequence[str],
    questions: Sequence[str],
    length: Length,
    style: Style,
    language: str | None,
    formats: Sequence[str],
    key: str,
) -> Call[BatchOut]:
    """Many videos to summarize and ask."""
    asked = {"videos": list(names), "questions": list(questions), "formats": list(formats)}
    told = {**asked, "length": length, "style": style, "language": language}
    return Call("POST", "/v1/batches", _model(BatchOut), json=told, headers=once(key))


def batches(limit: int) -> Call[list[BatchOut]]:
    """Batches, newest first."""
    return Call("GET", "/v1/batches", _models(BatchOut), {"limit": limit})


def batch(id: str) -> Call[BatchOut]:
    """One batch."""
    return Call("GET", _batch(id), _model(BatchOut))


def cancel_batch(id: str) -> Call[BatchOut]:
    """Stops a batch."""
    return Call("DELETE", _batch(id), _model(BatchOut))


def retry_batch(id: str, key: str) -> Call[BatchOut]:
    """Tries what did not finish in a batch again."""
    return Call("POST", _batch(id, "/retry"), _model(BatchOut), headers=once(key))


def batch_events(id: str, after: int) -> Call[None]:
    """The states of a batch, as a stream."""
    return Call("GET", _batch(id, "/events"), _nothing, headers=_streamed(after))


def batch_results(id: str) -> Call[bytes]:
    """The files of a finished batch: ZIP."""
    return Call("GET", _batch(id, "/results"), _content)


def job_of(response: httpx.Response) -> JobOut:
    """The job in an answer."""
    return JobOut.model_validate_json(response.content)


def once(key: str) -> dict[str, str]:
    """The header that makes a request safe to repeat; none without a key."""
    return {"Idempotency-Key": key} if key else {}


def _model(kind: type[Model]) -> Callable[[httpx.Response], Model]:
    return lambda response: kind.model_validate_json(response.content)


def _models(kind: type[Model]) -> Callable[[httpx.Response], list[Model]]:
    adapter = TypeAdapter(list[kind])  # type: ignore[valid-type]
    return lambda response: adapter.validate_json(response.content)


def _nothing(_: httpx.Response) -> None:
    return None


def _content(response: httpx.Response) -> bytes:
    return response.content


def _streamed(after: int) -> dict[str, str]:
    return {**STREAMED, **({"Last-Event-ID": str(after)} if after else {})}


def _batch(id: str, rest: str = "") -> str:
    return f"/v1/batches/{_quoted(id)}{rest}"


def _video(name: str, rest: str = "") -> str:
    return f"/v1/videos/{_quoted(name)}{rest}"


def _quoted(name: str) -> str:
    return quote(name, safe="")
