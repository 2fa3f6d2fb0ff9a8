"""The REST API as Python calls. The page knows the server only through this."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from app.api.schemas import (
    AnswerOut,
    ChapterOut,
    JobOut,
    ProblemOut,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
    error_of,
)
from app.api.schemas.ratings import SavedAnswerOut
from app.api.schemas.status import StatusOut
from app.core.errors import LongreelError, NotFound, WorkerFailed
from app.core.events import EVENT, Event, Failed

VIDEOS = TypeAdapter(list[VideoOut])
JOBS = TypeAdapter(list[JobOut])
UTTERANCES = TypeAdapter(list[UtteranceOut])
CHAPTERS = TypeAdapter(list[ChapterOut])
SEGMENTS = TypeAdapter(list[SegmentOut])
ANSWERS = TypeAdapter(list[SavedAnswerOut])

SILENCE_S = 60.0
"""A live stream has a heartbeat more often than this."""


class Client:
    """Speaks to one server. Every call may raise the LongreelError that the server answered, or WorkerFailed."""

    def __init__(self, base_url: str, key: str = "") -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=f"{base_url}/v1", headers=headers, timeout=SILENCE_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def videos(self) -> list[VideoOut]:
        """The library, newest first."""
        return VIDEOS.validate_python(self._get("/videos"))

    def video(self, id: str) -> VideoOut:
        """One video, by its id, the beginning of its id, or its title."""
        return VideoOut.model_validate(self._get(f"/videos/{_quoted(id)}"))

    def jobs(self, limit: int = 50) -> list[JobOut]:
        """Background work, newest first."""
        return JOBS.validate_python(self._get("/jobs", limit=limit))

    def transcript(self, id: str) -> list[UtteranceOut]:
        """What was said."""
        return UTTERANCES.validate_python(self._get(f"/videos/{_quoted(id)}/transcript"))

    def chapters(self, id: str) -> list[ChapterOut]:
        """Chapters in time order."""
        return CHAPTERS.validate_python(self._get(f"/videos/{_quoted(id)}/chapters"))

    def on_screen(self, id: str) -> list[SegmentOut]:
        """What is written and shown, in time order."""
        return SEGMENTS.validate_python(self._get(f"/videos/{_quoted(id)}/segments", kind=["screen_text", "caption"]))

    def answers(self, id: str) -> list[SavedAnswerOut]:
        """What was asked about a video, newest first."""
        return ANSWERS.validate_python(self._get(f"/videos/{_quoted(id)}/answers"))

    def answer(self, id: str) -> SavedAnswerOut:
        """An answer that was given."""
        return SavedAnswerOut.model_validate(self._get(f"/answers/{_quoted(id)}"))

    def status(self) -> StatusOut:
        """What the server runs on and what is missing."""
        return StatusOut.model_validate(self._get("/status"))

    def summary(self, id: str) -> SummaryOut | None:
        """The video in short; None before it was read to its end."""
        try:
            return SummaryOut.model_validate(self._get(f"/videos/{_quoted(id)}/summary"))
        except NotFound:
            return None

    def ask(
        self, question: str, videos: Sequence[str], options: Sequence[str] = ()
    ) -> Iterator[Event | AnswerOut | None]:
        """The agent's steps as they happen, then the answer. Closing the iterator cancels the question.

        None comes now and then while nothing happens: an iterator can only be closed between two items.
        """
        asked = {"question": question, "videos": list(videos), "options": list(options)}
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("POST", "/ask", json=asked, headers=headers) as response:
                if response.is_error:
                    response.read()
                    raise _error(response)
                for kind, data in _events(response.iter_lines()):
                    if not kind:
                        yield None
                        continue
                    if kind == "problem":
                        raise _error_of(ProblemOut.model_validate_json(data))
                    yield AnswerOut.model_validate_json(data) if kind == "answer" else EVENT.validate_json(data)
        except httpx.HTTPError as error:
            raise _unreachable(error) from error

    def _get(self, path: str, **query: Any) -> Any:
        try:
            response = self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        if response.is_error:
            raise _error(response)
        return response.json()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """The kind and data of each server-sent event; two empty strings for a comment."""
    kind = ""
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        if not line:
            if data:
                yield kind, "\n".join(data)
            kind, data = "", []
        elif not name:
            yield "", ""
        elif name == "event":
            kind = value.strip()
        elif name == "data":
            data.append(value.removeprefix(" "))


def _quoted(id: str) -> str:
    return quote(id, safe="")


def _error(response: httpx.Response) -> LongreelError:
    try:
        return _error_of(ProblemOut.model_validate(response.json()))
    except (json.JSONDecodeError, ValueError):
        return WorkerFailed(f"The server answered with status {response.status_code}.", "Look into its log.")


def _error_of(problem: ProblemOut) -> LongreelError:
    return error_of(Failed(problem.code, problem.detail, problem.hint))


def _unreachable(error: httpx.HTTPError) -> WorkerFailed:
    return WorkerFailed(f"The server does not answer ({type(error).__name__}).", "See whether it still runs.")
