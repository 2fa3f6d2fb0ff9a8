"""Where the server is, and how its errors become ours."""

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
"""Where `longreel serve` listens by default."""
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Seconds of silence; live streams send heartbeats more often."""
LOCAL = ("127.0.0.1", "localhost", "::1")


def check(response: httpx.Response) -> httpx.Response:
    """Returns a successful response, and raises the error of any other. Its body must have been read."""
    if response.is_success:
        return response
    try:
        raise error_in(ProblemOut.model_validate_json(response.content))
    except ValidationError:
        message = f"The server answered with status {response.status_code}."
        raise WorkerFailed(message, "Check that the address is that of a Longreel server.") from None


def error_in(problem: ProblemOut) -> LongreelError:
    """The error that a problem document describes."""
    return error_of(Failed(problem.code, problem.detail, problem.hint))


def unreachable(error: httpx.HTTPError) -> WorkerFailed:
    """The error for a server that does not answer."""
    if isinstance(error, httpx.ConnectError):
        return WorkerFailed(f"The server does not answer ({type(error).__name__}).", "Start it with: longreel serve")
    return WorkerFailed(f"The connection broke ({type(error).__name__}).", "Try again; the server's log may say more.")


@contextmanager
def http_errors() -> Iterator[None]:
    """Turns connection errors, and text that cannot be sent, into our errors."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise BadInput("The text contains half of a character, which cannot be sent.", "Correct the text.") from error
    except httpx.HTTPError as error:
        raise unreachable(error) from error


def client_options(base_url: str, key: str) -> dict[str, Any]:
    """The keyword arguments for both kinds of httpx client. Requests to this machine never go through a proxy."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    local = urlsplit(base_url).hostname in LOCAL
    return {"base_url": base_url.rstrip("/"), "headers": headers, "timeout": TIMEOUT, "trust_env": not local}


def names_of(videos: str | Sequence[str]) -> list[str]:
    """A list of video names, from one name or several."""
    return [videos] if isinstance(videos, str) else list(videos)
