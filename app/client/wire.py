"""What all calls share: where the server is, and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from app.api.schemas import ProblemOut, error_of
from app.core.errors import BadInput, LongreelError, WorkerFailed
from app.core.events import Failed

HOME = "http://127.0.0.1:7860"
"""Where `longreel serve` is unless told otherwise."""
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds of silence; a live stream has a heartbeat more often than this."""
LOCAL = ("127.0.0.1", "localhost", "::1")


def check(response: httpx.Response) -> httpx.Response:
    """The answer, when it is none of the errors, which are raised. Its body must have been read."""
    if response.is_success:
        return response
    try:
        raise error_in(ProblemOut.model_validate_json(response.content))
    except ValidationError:
        told = f"The server answered with status {response.status_code}."
        raise WorkerFailed(told, "See whether the address is that of Longreel.") from None


def error_in(problem: ProblemOut) -> LongreelError:
    """The error that a problem document tells."""
    return error_of(Failed(problem.code, problem.detail, problem.hint))


def unreachable(error: httpx.HTTPError) -> WorkerFailed:
    """The error for a server that does not answer."""
    told = "The server does not answer" if isinstance(error, httpx.ConnectError) else "The connection broke"
    return WorkerFailed(f"{told} ({type(error).__name__}).", "Start it with: longreel serve")


@contextmanager
def http_errors() -> Iterator[None]:
    """Errors of the connection become ours, and what cannot be sent."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise BadInput("A text has half of a character in it, which cannot be sent.", "Correct the text.") from error
    except httpx.HTTPError as error:
        raise unreachable(error) from error


def client_options(base_url: str, key: str) -> dict[str, Any]:
    """The keyword arguments that both kinds of httpx client take. A proxy is never asked for this machine itself."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    local = urlsplit(base_url).hostname in LOCAL
    return {"base_url": base_url.rstrip("/"), "headers": headers, "timeout": TIMEOUT, "trust_env": not local}


def names_of(videos: str | Sequence[str]) -> list[str]:
    """Videos by id, beginning of an id or title; one name may stand alone."""
    return [videos] if isinstance(videos, str) else list(videos)
