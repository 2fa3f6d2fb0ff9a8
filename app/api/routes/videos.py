"""The library: add videos, list them, and get their contents."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from app.api.deps import LongreelDep, RequestKey, VideoDep, WindowDep, hook_of, trusts_callers
from app.api.pages import CursorQuery, link_next, page
from app.api.problems import bad_fields
from app.api.schemas import (
    ChapterOut,
    JobOut,
    RegisterIn,
    SegmentOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
    WaveformOut,
)
from app.api.schemas.videos import CorrectionIn
from app.api.uploads import UploadForm, on_disk, receive_form
from app.bootstrap import Services
from app.core.errors import BadInput, NotFound
from app.core.paths import existing
from app.core.types import SegmentKind, Utterance
from app.jobs.states import Job
from app.services import subtitles
from app.services.waveform import waveform

router = APIRouter(prefix="/videos", tags=["videos"])

WRITERS: dict[str, tuple[str, Callable[[Sequence[Utterance]], str]]] = {
    "srt": ("application/x-subrip", subtitles.to_srt),
    "vtt": ("text/vtt", subtitles.to_vtt),
}

BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "title": {"type": "string"},
                        "language": {
                            "type": "string",
                            "description": "such as en or en,de, or auto; detected unless given",
                        },
                        "terms": {"type": "string", "description": "names that are spoken, separated by commas"},
                        "translate": {"type": "boolean", "description": "translate the transcript into English"},
                        "speakers": {"type": "boolean", "description": "separate speakers"},
                        "video_track": {"type": "integer", "description": "picture track, counted from 0"},
                        "audio_track": {"type": "integer", "description": "sound track, counted from 0"},
                        "subtitle_track": {
                            "type": "integer",
                            "description": "subtitle track of the file to use instead of transcribing, counted from 0",
                        },
                        "collection": {
                            "type": "string",
                            "description": "the collection to add the video to; created if new",
                        },
                        "subtitles": {"type": "string", "format": "binary", "description": "SRT, WebVTT, ASS, TTML..."},
                        "webhook": {"type": "string", "description": 'as JSON: {"url": "…", "secret": "…"}'},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
            "application/json": {
                "schema": RegisterIn.model_json_schema(ref_template="#/components/schemas/{model}"),
                "example": {"path": "/home/me/lecture.mp4", "title": "Lecture 1"},
            },
        },
    }
}


@router.post("", status_code=202, response_model=JobOut, summary="Add a video", openapi_extra=BODIES)
async def add_video(request: Request, longreel: LongreelDep, key: RequestKey = None) -> Response:
    """Uploads a file (a form of any size), downloads one (JSON with `url`), or registers one on the server's machine
    (JSON with `path`; only on loopback without a key). The video is ingested in the background: follow the job at the
    address in `Location`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        job = await run_in_threadpool(_register, longreel, await request.body(), key)
    elif kind == "multipart/form-data":
        most, size = longreel.settings.server.max_upload_gb, request.headers.get("content-length", "")
        if size.isdecimal() and int(size) > most * 1e9 + 1e6:
            hint = "Raise LONGREEL_SERVER__MAX_UPLOAD_GB or cut the video."
            raise BadInput(f"The upload is larger than {most:g} GB.", hint)
        upload = await receive_form(request, longreel.library.incoming)
        job = await on_disk(request, lambda: _submit(longreel, upload, key))
    else:
        raise BadInput(f"A video cannot be added as {kind or 'nothing'}.", "Send a multipart form or JSON.")
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return JSONResponse(JobOut.of(job).model_dump(mode="json"), 202, headers)


def _submit(longreel: Services, upload: UploadForm, key: str | None) -> Job:
    try:
        options = RegisterIn.model_validate({name: value.strip() or None for name, value in upload.fields.items()})
        if options.path or options.url or options.subtitles:
            raise BadInput(
                "A form has to contain the files themselves.", "Send the fields file, title, language, subtitles."
            )
        request = replace(
            options.to_request(),
            path=upload.files["file"],
            name=Path(upload.names["file"]).stem,
            subtitles=upload.files.get("subtitles"),
        )
        job = longreel.ingest.submit(request, webhook=hook_of(longreel, options.webhook), request_key=key)
        if job.payload["path"] != request.to_payload()["path"]:  # the file was received before
            upload.discard()
        return job
    except ValidationError as error:
        upload.discard()
        raise bad_fields(error) from error
    except BaseException:
        upload.discard()
        raise


def _register(longreel: Services, body: bytes, key: str | None) -> Job:
    try:
        options = RegisterIn.model_validate_json(body)
    except ValidationError as error:
        raise bad_fields(error) from error
    if (options.path or options.subtitles) and not trusts_callers(longreel):
        raise BadInput("This server does not accept paths of its own files.", "Upload the file instead.")
    if (options.path is None) == (options.url is None):
        hint = 'Send {"url": "..."}, {"path": "..."} or a form with the file.'
        raise BadInput("The request names no file, or more than one.", hint)
    path = _existing(options.path) if options.path else longreel.downloads.place(options.url or "")
    subtitles = _existing(options.subtitles) if options.subtitles else None
    request = replace(options.to_request(), path=path, subtitles=subtitles)
    return longreel.ingest.submit(request, webhook=hook_of(longreel, options.webhook), request_key=key)


def _existing(name: str) -> Path:
    path = existing(name)
    if path is None or not path.is_file():
        raise BadInput(f"There is no file {name}.", "Give the full path of a file on the server's machine.")
    return path


@router.get("", summary="List videos, newest first")
def list_videos(
    longreel: LongreelDep,
    request: Request,
    response: Response,
    q: Annotated[str, Query(max_length=300, description="a part of the title")] = "",
    ready: Annotated[bool | None, Query(description="only videos that are ready (true) or not ready (false)")] = None,
    language: Annotated[str, Query(max_length=3, description="ISO 639-1")] = "",
    collection: Annotated[str, Query(max_length=100, description="id or name of a collection")] = "",
    tag: Annotated[
        list[str], Query(max_length=100, description="names of collections; the video must be in all of them")
    ] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    cursor: CursorQuery = "",
) -> list[VideoOut]:
    """All videos, including those in progress. Filters are combined. `Link` leads to the next page."""
    tags = {name.casefold() for name in tag}
    if collection:
        tags.add(longreel.library.collections.find(collection).name.casefold())
    matching = [
        video
        for video in longreel.library.videos()
        if tags <= {name.casefold() for name in video.tags}
        and q.casefold() in video.title.casefold()
        and ready in (None, video.ready)
        and language in ("", video.language)
    ]
    chosen, following = page(matching, lambda video: (video.added_at, video.id), cursor, limit, descending=True)
    link_next(request, response, following)
    return [VideoOut.of(video) for video in chosen]


@router.get("/{video}", summary="Get a video")
def get_video(video: VideoDep) -> VideoOut:
    """Its title, its file, and whether it is ready."""
    return VideoOut.of(video)


@router.get("/{video}/segments", summary="List the segments of a video")
def get_segments(
    video: VideoDep,
    longreel: LongreelDep,
    window: WindowDep,
    request: Request,
    response: Response,
    kind: Annotated[list[SegmentKind], Query()] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    cursor: CursorQuery = "",
) -> list[SegmentOut]:
    """In time order; with times, those that overlap them. `Link` leads to the next page."""
    segments = longreel.library.segments(video.id, kind, window)
    chosen, following = page(segments, lambda segment: (segment.span.start_s, segment.id), cursor, limit)
    link_next(request, response, following)
    return [SegmentOut.of(segment) for segment in chosen]


@router.get(
    "/{video}/transcript",
    summary="Get the transcript of a video",
    response_model=list[UtteranceOut],
    responses={200: {"content": {"application/x-subrip": {}, "text/vtt": {}}}},
)
def get_transcript(
    video: VideoDep,
    longreel: LongreelDep,
    window: WindowDep,
    format: Literal["json", "srt", "vtt"] = "json",
) -> Any:
    """Sentences with word times as JSON, or subtitles; with times, those that overlap them."""
    utterances = longreel.library.utterances(video.id, window)
    if format == "json":
        return JSONResponse([UtteranceOut.of(utterance).model_dump() for utterance in utterances])
    media_type, write = WRITERS[format]
    headers = {"Content-Disposition": f'inline; filename="{video.id[:12]}.{format}"'}
    return Response(write(utterances), headers=headers, media_type=f"{media_type}; charset=utf-8")


@router.patch("/{video}/transcript", summary="Correct a misheard sentence")
def correct_transcript(video: VideoDep, body: CorrectionIn, longreel: LongreelDep) -> UtteranceOut:
    """Search, new answers and new exports use the correction. It stays when the video is ingested again."""
    return UtteranceOut.of(longreel.corrections.correct(video, body.start_s, body.text, body.heard))


@router.get("/{video}/chapters", summary="List the chapters of a video")
def get_chapters(video: VideoDep, longreel: LongreelDep) -> list[ChapterOut]:
    """In time order; empty until the video is ready."""
    return [ChapterOut.of(chapter) for chapter in longreel.library.chapters(video.id)]


@router.get("/{video}/summary", summary="Get the summary of a video")
def get_summary(video: VideoDep, longreel: LongreelDep) -> SummaryOut:
    """The summary with its chapters. 404 until the video is ready."""
    digest = longreel.library.digest(video.id)
    if digest is None:
        raise NotFound("This video has no summary yet.", "Wait until it has been ingested.")
    return SummaryOut.of(digest)


@router.head("/{video}/media", include_in_schema=False)
@router.get("/{video}/media", summary="Download the file, whole or in parts (Range)", response_class=FileResponse)
def get_media(video: VideoDep, longreel: LongreelDep) -> FileResponse:
    """Players can seek without loading the whole file."""
    path = longreel.library.media_path(video.id)
    guessed = mimetypes.guess_type(path.name)[0] or ""
    safe = guessed if guessed.startswith(("video/", "audio/")) else "application/octet-stream"
    return FileResponse(path, media_type=safe)


@router.get("/{video}/thumbnail", summary="Get the key frame nearest to a time", response_class=Response)
def get_thumbnail(
    video: VideoDep, longreel: LongreelDep, t: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0
) -> Response:
    """WebP, about 320 pixels on its longest side."""
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(longreel.library.thumbnail(video.id, t), headers=headers, media_type="image/webp")


@router.get("/{video}/waveform", summary="Get the loudness over time")
def get_waveform(
    video: VideoDep, longreel: LongreelDep, points: Annotated[int, Query(ge=1, le=10_000)] = 1000
) -> WaveformOut:
    """At most `points` peaks, to draw below a player; empty for a video without sound."""
    return WaveformOut.model_validate(waveform(longreel.ingest.sound(video), points), from_attributes=True)
