"""Errors and health on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from app.api.schemas.base import Wire
from app.core.errors import LongreelError
from app.core.events import Failed


class HealthOut(Wire):
    """The server answers, and which version it is."""

    status: Literal["ok"] = "ok"
    version: str
    profile: str


class ReadyOut(Wire):
    """Whether the server can do its work now."""

    ready: bool
    problems: dict[str, str] = Field(default_factory=dict)
    """What is not ready, each with a sentence: database, index or models."""


class ProblemOut(Wire):
    """An error as `application/problem+json` (RFC 9457), with a code for programs and a hint for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""


def error_of(failed: Failed) -> LongreelError:
    """The error that a `Failed` event was made from; of a kind without a code of its own, the kind above it."""
    kinds = {kind.code: kind for kind in _descendants(LongreelError) if "code" in vars(kind)}
    return kinds.get(failed.code, LongreelError)(failed.message, failed.hint)


def _descendants(kind: type[LongreelError]) -> Iterator[type[LongreelError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def problem_of(error: LongreelError) -> ProblemOut:
    """The wire form of an error; also what the CLI prints for it with --json."""
    kind = type(error)
    title = (kind.__doc__ or kind.__name__).strip().splitlines()[0]
    return ProblemOut(
        type=f"urn:longreel:problem:{kind.code}",
        title=title,
        status=kind.http_status,
        detail=error.message,
        code=kind.code,
        hint=error.hint,
    )
