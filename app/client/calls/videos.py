"""The library, and the contents of its videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
from pydantic_core import to_jsonable_python

from app.api.schemas import (
    ChapterOut,
    ChosenOut,
    JobOut,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
    WaveformOut,
)
from app.api.schemas.faces import FaceOut
from app.api.schemas.speakers import SpeakerOut
from app.api.schemas.summaries import HeadingIn, Length, MadeSummaryOut, Style
from app.api.schemas.things import ThingsOut
from app.client import files, following, wire
from app.client.call import (
    PAGE,
    STREAMED,
    SUBTITLES,
    Call,
    VideoFrame,
    Webhook,
    content,
    model,
    models,
    nothing,
    once,
    quoted,
    text,
    video_path,
)
from app.client.calls.jobs import Jobs
from app.core.errors import BadInput, WorkerFailed
from app.core.events import Event, ignore
from app.core.paths import is_address
from app.core.requests import SummaryRequest
from app.core.types import SegmentKind


class Videos(Jobs):
    """The calls about videos."""

    async def videos(
        self,
        q: str = "",
        *,
        ready: bool | None = None,
        language: str = "",
        collection: str = "",
        tags: Sequence[str] = (),
    ) -> list[VideoOut]:
        """The library, newest first; `q` matches part of the title, `tags` are collections that all hold the video."""
        params = {"q": q, "ready": ready, "language": language, "collection": collection, "tag": list(tags)}
        return await self._all(Call("GET", "/v1/videos", models(VideoOut), {**params, "limit": PAGE}))

    async def video(self, name: str) -> VideoOut:
        """One video."""
        return await self._do(Call("GET", video_path(name), model(VideoOut)))

    async def change(self, name: str, *, title: str | None = None, tags: Sequence[str] | None = None) -> VideoOut:
        """Renames a video, or sets the collections that it is in."""
        body = {"title": title, "tags": None if tags is None else list(tags)}
        return await self._do(Call("PATCH", video_path(name), model(VideoOut), json=body))

    async def delete(self, name: str, *, now: bool = False) -> None:
        """Moves a video to the bin, or deletes it and its upload `now`; a file registered by path stays."""
        await self._do(Call("DELETE", video_path(name), nothing, {"now": now or None}))

    async def upload(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        webhook: Webhook | None = None,
        on_progress: files.OnProgress | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Uploads a file of any size and ingests it in the background; `on_progress` gets bytes sent and file size."""
        fields = {
            "title": title,
            "language": language,
            "collection": collection,
            "webhook": webhook.json if webhook else None,
        }
        subtitle_file = Path(subtitles) if subtitles else None
        with files.upload_form(Path(path), fields, subtitle_file, on_progress) as form:
            response = await self._send("POST", "/v1/videos", **form, headers=once(idempotency_key))
        return JobOut.model_validate_json(response.content)

    async def register(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        translate: bool = False,
        speakers: bool | None = None,
        video_track: int | None = None,
        audio_track: int | None = None,
        subtitle_track: int | None = None,
        terms: str = "",
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Ingests a file on the server's own machine; allowed only on a loopback server without a key."""
        body = {
            "path": str(path),
            "title": title,
            "language": language,
            "subtitles": str(subtitles) if subtitles else None,
            "collection": collection,
            "translate": translate,
            "speakers": speakers,
            **_tracks(video_track, audio_track, subtitle_track),
            "terms": terms or None,
            "webhook": webhook and asdict(webhook),
        }
        return await self._do(Call("POST", "/v1/videos", model(JobOut), json=body, headers=once(idempotency_key)))

    async def fetch(
        self,
        url: str,
        *,
        title: str | None = None,
        language: str | None = None,
        collection: str | None = None,
        translate: bool = False,
        speakers: bool | None = None,
        video_track: int | None = None,
        audio_track: int | None = None,
        subtitle_track: int | None = None,
        terms: str = "",
        webhook: Webhook | None = None,
        idempotency_key: str = "",
    ) -> JobOut:
        """Has the server download the media file at an http or https address and ingest it in the background."""
        fields = {"title": title, "language": language, "collection": collection}
        how = {"translate": translate, "speakers": speakers, **_tracks(video_track, audio_track, subtitle_track)}
        body = {"url": url, **fields, **how, "terms": terms or None, "webhook": webhook and asdict(webhook)}
        return await self._do(Call("POST", "/v1/videos", model(JobOut), json=body, headers=once(idempotency_key)))

    async def ingest(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        language: str | None = None,
        subtitles: str | Path | None = None,
        collection: str | None = None,
        on_event: Callable[[Event], None] = ignore,
    ) -> VideoOut:
        """Uploads a file, or has the server download one, waits until it is ingested, and returns the video.

        `on_event` gets the events meanwhile. Raises BadInput for subtitles together with an address.
        """
        if is_address(str(path)):
            if subtitles is not None:
                raise BadInput("Subtitles cannot go with an address.", "Download the video and give both files.")
            job = await self.fetch(str(path), title=title, language=language, collection=collection)
        else:
            job = await self.upload(path, title=title, language=language, subtitles=subtitles, collection=collection)
        result = (await self.wait(job.id, on_event=on_event)).result or {}
        return await self.video(str(result["video_id"]))

    async def transcript(self, name: str, start_s: float = 0.0, end_s: float | None = None) -> list[UtteranceOut]:
        """The spoken sentences in time order; with times, those that overlap them."""
        window = {"start_s": start_s, "end_s": end_s}
        return await self._do(Call("GET", video_path(name, "/transcript"), models(UtteranceOut), window))

    async def subtitles(self, name: str, format: SUBTITLES = "srt") -> str:
        """The transcript as the text of a subtitle file."""
        return await self._do(Call("GET", video_path(name, "/transcript"), text, {"format": format}))

    async def things(self, name: str, *, start_s: float = 0.0, end_s: float | None = None) -> list[ThingsOut]:
        """The things that a video shows, by kind, with the boxes of each; those seen between two times."""
        params = {"start_s": start_s, "end_s": end_s}
        return await self._do(Call("GET", video_path(name, "/things"), models(ThingsOut), params))

    async def speakers(self, name: str) -> list[SpeakerOut]:
        """Who speaks in a video, by first appearance; empty when speakers were not separated."""
        return await self._do(Call("GET", video_path(name, "/speakers"), models(SpeakerOut)))

    async def name_speaker(self, name: str, speaker: str, to: str, *, here_only: bool = False) -> list[SpeakerOut]:
        """Names a speaker, here and wherever the same person speaks; an empty name removes it."""
        path = video_path(name, f"/speakers/{quoted(speaker)}")
        return await self._do(Call("PATCH", path, models(SpeakerOut), json={"name": to, "here_only": here_only}))

    async def faces(self, name: str) -> list[FaceOut]:
        """Whose faces appear in a video, by first appearance, and when."""
        return await self._do(Call("GET", video_path(name, "/faces"), models(FaceOut)))

    async def name_face(self, name: str, face: str, to: str, *, here_only: bool = False) -> list[FaceOut]:
        """Names a face, here and wherever the same face appears; an empty name removes it."""
        path = video_path(name, f"/faces/{quoted(face)}")
        return await self._do(Call("PATCH", path, models(FaceOut), json={"name": to, "here_only": here_only}))

    async def delete_face(self, name: str, face: str, *, everywhere: bool = False) -> None:
        """Deletes a face's data: in this video, or in all videos with a face of the same name."""
        path = video_path(name, f"/faces/{quoted(face)}")
        await self._do(Call("DELETE", path, nothing, {"everywhere": everywhere}))

    async def segments(
        self, name: str, *, kinds: Sequence[SegmentKind | str] = (), start_s: float = 0.0, end_s: float | None = None
    ) -> list[SegmentOut]:
        """What is said, shown and written in a video, as segments in time order."""
        params = {"kind": [str(kind) for kind in kinds], "start_s": start_s, "end_s": end_s, "limit": PAGE}
        return await self._all(Call("GET", video_path(name, "/segments"), models(SegmentOut), params))

    async def chapters(self, name: str) -> list[ChapterOut]:
        """Chapters in time order."""
        return await self._do(Call("GET", video_path(name, "/chapters"), models(ChapterOut)))

    async def correct(self, name: str, start_s: float, text: str, heard: str | None = None) -> UtteranceOut:
        """Corrects the sentence that begins at a time of the transcript; the corrected sentence.

        With `heard`, the text to replace, it raises BadInput if somebody else has changed the sentence.
        """
        body = {"start_s": start_s, "text": text, "heard": heard}
        return await self._do(Call("PATCH", video_path(name, "/transcript"), model(UtteranceOut), json=body))

    async def set_chapters(self, name: str, headings: Sequence[HeadingIn]) -> list[ChapterOut]:
        """Replaces the chapters: where each begins and its title. The first begins at 0."""
        body = {"chapters": to_jsonable_python(list(headings))}
        return await self._do(Call("PUT", video_path(name, "/chapters"), models(ChapterOut), json=body))

    async def summary(self, name: str) -> SummaryOut:
        """The stored summary of a video, with its chapters. Raises NotFound until ingest has finished."""
        return await self._do(Call("GET", video_path(name, "/summary"), model(SummaryOut)))

    async def summarize(
        self, name: str, *, length: Length = "paragraph", style: Style = "neutral", language: str | None = None
    ) -> MadeSummaryOut:
        """Writes a summary in which each sentence cites its times; with a language model it takes up to minutes."""
        body = asdict(SummaryRequest.of(length, style, language))
        call = Call("POST", video_path(name, "/summaries"), nothing, json=body, headers=STREAMED)
        with wire.http_errors():
            async with self._events(call) as events:
                async for event in events:
                    summary = following.summary_in(event)
                    if summary is not None:
                        return summary
        raise WorkerFailed("The server ended the stream without a summary.", "Ask for it again.")

    async def export(self, name: str, format: str = "md") -> bytes:
        """A video as a file for another program: md, docx, edl, fcpxml and more; the error for any other lists them."""
        return await self._do(Call("GET", video_path(name, "/export"), content, {"format": format}))

    async def download(self, name: str, path: str | Path, *, on_progress: files.OnProgress | None = None) -> Path:
        """Saves the video's own file; `on_progress` gets bytes received and file size. Raises BadInput."""
        with wire.http_errors():
            async with self._opened(Call("GET", video_path(name, "/media"), nothing)) as response:
                with files.saved(Path(path), response, on_progress) as write:
                    async for piece in self._transport.pieces(response):
                        write(piece)
        return Path(path)

    async def thumbnail(self, name: str, time_s: float = 0.0) -> bytes:
        """WebP of the key frame nearest to a time."""
        return await self._do(Call("GET", video_path(name, "/thumbnail"), content, {"t": time_s}))

    async def waveform(self, name: str, *, points: int = 1000) -> WaveformOut:
        """The loudness over time, in at most `points` peaks; none for a video without sound."""
        return await self._do(Call("GET", video_path(name, "/waveform"), model(WaveformOut), {"points": points}))

    async def frame(self, name: str, time_s: float, *, side: int = 768) -> VideoFrame:
        """The frame shown at a time, at most `side` pixels on its longest side."""

        def read(response: httpx.Response) -> VideoFrame:
            return VideoFrame(float(response.headers["x-frame-time"]), response.content)

        return await self._do(Call("GET", video_path(name, "/frame"), read, {"t": time_s, "side": side}))

    async def clip(self, name: str, start_s: float, end_s: float) -> bytes:
        """A part of the video's file, in its own format; it begins at the key frame at or before `start_s`."""
        return await self._do(Call("GET", video_path(name, "/clip"), content, {"start_s": start_s, "end_s": end_s}))

    async def frames(
        self,
        name: str,
        question: str = "",
        *,
        method: str = "",
        count: int = 8,
        start_s: float = 0.0,
        end_s: float | None = None,
        options: Mapping[str, float | str] | None = None,
    ) -> ChosenOut:
        """The times of frames that represent a video, or that relate to a question; get each picture with `frame`.

        `options` are those of the method, such as `{"rank": 12}`; see docs/selection.md.
        """
        params = {"question": question, "method": method, "count": count, "start_s": start_s, "end_s": end_s}
        return await self._do(Call("GET", video_path(name, "/frames"), model(ChosenOut), {**params, **(options or {})}))


def _tracks(video: int | None, audio: int | None, subtitles: int | None) -> dict[str, int | None]:
    return {"video_track": video, "audio_track": audio, "subtitle_track": subtitles}
