"""One request as data, and functions that read the response."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from app.core.errors import BadInput

Result = TypeVar("Result")
Model = TypeVar("Model", bound=BaseModel)
SUBTITLES = Literal["srt", "vtt"]
PAGE = 1000
STREAMED = {"Accept": "text/event-stream"}


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request, and the function that reads its response."""

    method: str
    path: str
    read: Callable[[httpx.Response], Result]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """The keyword arguments of httpx's `request` besides method and path."""
        params = {name: value for name, value in self.params.items() if value not in (None, "", [], ())}
        body = {"content": self.content} if self.content is not None else {"json": self.json}
        return {"params": params or None, "headers": dict(self.headers), **body}


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """A frame of a video as JPEG, and the time in seconds at which it is shown."""

    pts_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the server sends a signed POST when a job has ended (Standard Webhooks)."""

    url: str
    secret: str
    """`whsec_` followed by 24 to 64 random bytes in base64."""

    @property
    def json(self) -> str:
        """The form field with this webhook."""
        return json.dumps(asdict(self))


def once(key: str) -> dict[str, str]:
    """The header that makes a request safe to repeat; empty without a key."""
    return {"Idempotency-Key": key} if key else {}


def model(kind: type[Model]) -> Callable[[httpx.Response], Model]:
    """Reads one wire type."""
    return lambda response: kind.model_validate_json(response.content)


def models(kind: type[Model]) -> Callable[[httpx.Response], list[Model]]:
    """Reads a list of wire types."""
    adapter = TypeAdapter(list[kind])  # type: ignore[valid-type]
    return lambda response: adapter.validate_json(response.content)


def nothing(_: httpx.Response) -> None:
    """Reads nothing: the response is empty, or is read as a stream."""
    return None


def content(response: httpx.Response) -> bytes:
    """The response's bytes."""
    return response.content


def text(response: httpx.Response) -> str:
    """The response's text."""
    return response.text


def streamed(after: int) -> dict[str, str]:
    """The headers that ask for a stream of the events numbered above `after`."""
    return {**STREAMED, **({"Last-Event-ID": str(after)} if after else {})}


def video_path(name: str, rest: str = "") -> str:
    """The path of a video, or of something that belongs to it."""
    return f"/v1/videos/{quoted(name)}{rest}"


def quoted(name: str) -> str:
    """A name as one segment of a path, even "." or "..". Raises BadInput for an empty name."""
    if not name:
        raise BadInput("A name is empty.", "Give an id or a name.")
    return "%2E" * len(name) if name in (".", "..") else quote(name, safe="", errors="replace")
