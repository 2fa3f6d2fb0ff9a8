"""Calls about the library and what is in its videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
from pydantic_core import to_jsonable_python

from app.api.schemas import ChapterOut, ChosenOut, JobOut, SegmentOut, SummaryOut, UtteranceOut, VideoOut
from app.api.schemas.batches import Length, Style
from app.api.schemas.speakers import SpeakerOut
from app.api.schemas.summaries import HeadingIn
from app.client.calls.call import (
    PAGE,
    STREAMED,
    SUBTITLES,
    Call,
    Picture,
    Webhook,
    content,
    model,
    models,
    nothing,
    once,
    quoted,
    video_path,
)
from app.core.types import SegmentKind


def videos(q: str, ready: bool | None, language: str, collection: str, tags: Sequence[str]) -> Call[list[VideoOut]]:
    """The library, newest first."""
    params = {"q": q, "ready": ready, "language": language, "collection": collection, "tag": list(tags)}
    return Call("GET", "/v1/videos", models(VideoOut), {**params, "limit": PAGE})


def video(name: str) -> Call[VideoOut]:
    """One video."""
    return Call("GET", video_path(name), model(VideoOut))


def change(name: str, title: str | None, tags: Sequence[str] | None) -> Call[VideoOut]:
    """Another title, other tags."""
    asked = {"title": title, "tags": None if tags is None else list(tags)}
    return Call("PATCH", video_path(name), model(VideoOut), json=asked)


def delete(name: str, now: bool) -> Call[None]:
    """Puts a video into the bin, or forgets it at once."""
    return Call("DELETE", video_path(name), nothing, {"now": now or None})


def register(path: str | Path, told: Mapping[str, str | None], webhook: Webhook | None, key: str) -> Call[JobOut]:
    """A file of the server's own machine, to be read."""
    asked = {"path": str(path), **told, "webhook": webhook and asdict(webhook)}
    return Call("POST", "/v1/videos", model(JobOut), json=asked, headers=once(key))


def fetch(url: str, told: Mapping[str, str | None], webhook: Webhook | None, key: str) -> Call[JobOut]:
    """A file at an address, to be downloaded and read."""
    asked = {"url": url, **told, "webhook": webhook and asdict(webhook)}
    return Call("POST", "/v1/videos", model(JobOut), json=asked, headers=once(key))


def transcript(name: str, start_s: float = 0.0, end_s: float | None = None) -> Call[list[UtteranceOut]]:
    """What was said."""
    return Call("GET", video_path(name, "/transcript"), models(UtteranceOut), {"start_s": start_s, "end_s": end_s})


def subtitles(name: str, format: SUBTITLES) -> Call[str]:
    """What was said, as a subtitle file."""
    return Call("GET", video_path(name, "/transcript"), lambda response: response.text, {"format": format})


def speakers(name: str) -> Call[list[SpeakerOut]]:
    """Who speaks in a video."""
    return Call("GET", video_path(name, "/speakers"), models(SpeakerOut))


def name_speaker(name: str, speaker: str, to: str, here_only: bool) -> Call[list[SpeakerOut]]:
    """What a speaker is called from now on."""
    path = video_path(name, f"/speakers/{quoted(speaker)}")
    return Call("PATCH", path, models(SpeakerOut), json={"name": to, "here_only": here_only})


def segments(
    name: str, kinds: Sequence[SegmentKind | str], start_s: float, end_s: float | None
) -> Call[list[SegmentOut]]:
    """What spans of a video say, show and write."""
    params = {"kind": [str(kind) for kind in kinds], "start_s": start_s, "end_s": end_s, "limit": PAGE}
    return Call("GET", video_path(name, "/segments"), models(SegmentOut), params)


def chapters(name: str) -> Call[list[ChapterOut]]:
    """Chapters in time order."""
    return Call("GET", video_path(name, "/chapters"), models(ChapterOut))


def set_chapters(name: str, headings: Sequence[HeadingIn]) -> Call[list[ChapterOut]]:
    """Chapters as a person wants them."""
    given = {"chapters": to_jsonable_python(list(headings))}
    return Call("PUT", video_path(name, "/chapters"), models(ChapterOut), json=given)


def summary(name: str) -> Call[SummaryOut]:
    """The video in short."""
    return Call("GET", video_path(name, "/summary"), model(SummaryOut))


def summarize(name: str, length: Length, style: Style, language: str | None) -> Call[None]:
    """A summary to be made, as a stream."""
    wanted = {"length": length, "style": style, "language": language}
    return Call("POST", video_path(name, "/summaries"), nothing, json=wanted, headers=STREAMED)


def export(name: str, format: str) -> Call[bytes]:
    """A video as a file for another program."""
    return Call("GET", video_path(name, "/export"), content, {"format": format})


def media(name: str) -> Call[None]:
    """The file itself, as a stream."""
    return Call("GET", video_path(name, "/media"), nothing)


def thumbnail(name: str, time_s: float) -> Call[bytes]:
    """WebP of the key frame nearest to a time."""
    return Call("GET", video_path(name, "/thumbnail"), content, {"t": time_s})


def frame(name: str, time_s: float, side: int) -> Call[Picture]:
    """The picture at a time."""

    def read(response: httpx.Response) -> Picture:
        return Picture(float(response.headers["x-frame-time"]), response.content)

    return Call("GET", video_path(name, "/frame"), read, {"t": time_s, "side": side})


def frames(name: str, question: str, method: str, count: int, start_s: float, end_s: float | None) -> Call[ChosenOut]:
    """When frames that a method chooses are shown."""
    asked = {"question": question, "method": method, "count": count, "start_s": start_s, "end_s": end_s}
    return Call("GET", video_path(name, "/frames"), model(ChosenOut), asked)
