"""Moments: search for them, and get their frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import FileResponse, Response

from app.api.deps import LongreelDep, VideoDep, WindowDep, window_of
from app.api.schemas import ChosenOut, FoundOut
from app.api.schemas.search import FramesIn
from app.core.errors import BadInput
from app.core.types import SegmentKind, TimeSpan

router = APIRouter(tags=["moments"])


@router.get("/search", summary="Search what was said, shown and written")
def search(
    longreel: LongreelDep,
    window: WindowDep,
    q: Annotated[str, Query(min_length=1, max_length=4000, description="words, or a description")],
    video: Annotated[list[str], Query(max_length=1000, description="ids or titles; default: all")] = [],  # noqa: B006
    collection: Annotated[str, Query(max_length=100, description="id or name of a collection")] = "",
    kind: Annotated[list[SegmentKind], Query()] = [],  # noqa: B006 - FastAPI copies it
    speaker: Annotated[str, Query(max_length=100, description="only what is said while this person speaks")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[FoundOut]:
    """The best matches first, in some videos or the whole library. Faster than asking, because no language model is
    used. With times, only segments that overlap them.
    """
    videos = [one.id for one in longreel.library.scope(video, collection)]
    one = longreel.moments.search(q, videos, kinds=kind, window=window, speaker=speaker, limit=limit)
    return [FoundOut.of(evidence) for evidence in one]


@router.get(
    "/videos/{video}/frame",
    summary="Get the frame at a time",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "headers": {"X-Frame-Time": {"schema": {"type": "number"}}}}},
)
def get_frame(
    video: VideoDep,
    longreel: LongreelDep,
    t: Annotated[float, Query(ge=0, allow_inf_nan=False)] = 0.0,
    side: Annotated[int, Query(ge=64, le=1920, description="longest side, pixels")] = 768,
) -> Response:
    """A JPEG of the frame at `t`, decoded from the file; `X-Frame-Time` is the frame's own time."""
    picture = longreel.moments.picture(video, t, side)
    headers = {"X-Frame-Time": f"{picture.pts_s:.3f}", "Cache-Control": "private, max-age=3600"}
    return Response(picture.jpeg, headers=headers, media_type="image/jpeg")


def temporary_folder() -> Iterator[Path]:
    """A folder that is removed when the response has been sent, or could not be."""
    with tempfile.TemporaryDirectory(prefix="longreel-clip-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@router.get(
    "/videos/{video}/clip",
    summary="Cut a clip out of the file",
    response_class=FileResponse,
    responses={200: {"headers": {"X-Clip-Start": {"schema": {"type": "number"}}}}},
)
def get_clip(
    video: VideoDep,
    longreel: LongreelDep,
    start_s: Annotated[float, Query(ge=0, allow_inf_nan=False)],
    end_s: Annotated[float, Query(gt=0, allow_inf_nan=False)],
    folder: Annotated[Path, Depends(temporary_folder)],
) -> FileResponse:
    """Cut without encoding anything, so that it is quick and looks as the video does; half an hour at most.

    It begins at the key frame at or before `start_s`, which `X-Clip-Start` names.
    """
    if end_s <= start_s:
        raise BadInput("The clip ends before it starts.", "Give start_s < end_s.")
    path, span = longreel.moments.clip(video, TimeSpan(start_s, end_s), folder)
    return FileResponse(path, filename=path.name, headers={"X-Clip-Start": f"{span.start_s:.3f}"})


@router.get("/videos/{video}/frames", summary="Choose frames, with or without a question")
def choose_frames(
    video: VideoDep,
    longreel: LongreelDep,
    query: Annotated[FramesIn, Query()],
) -> ChosenOut:
    """The times of the chosen frames, from the whole video or a part of it; `/frame?t=` returns each as a picture.
    Methods: `uniform`, `keyframes`, `similar`, `maxinfo`; for a question also `hybrid`, `top-k`, `aks`, `cluster-tree`,
    `tstar`, `quota`, `gens`. They choose among the frames that were sampled during ingest. The other parameters are
    options of single methods; a method refuses those of others.
    """
    window = window_of(query.start_s, query.end_s)
    chosen = longreel.selection.choose(
        video, query.count, question=query.question, method=query.method, window=window, options=query.model_extra or {}
    )
    return ChosenOut(video_id=video.id, **asdict(chosen))
