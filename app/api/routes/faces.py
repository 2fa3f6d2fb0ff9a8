"""Faces: list the people seen in a video, name them, delete their data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api.deps import LongreelDep, VideoDep
from app.api.schemas.faces import FaceOut
from app.api.schemas.speakers import NameIn

router = APIRouter(prefix="/videos/{video}/faces", tags=["faces"])

FaceName = Annotated[str, Path(max_length=100, description="the person's current name, such as Person 1")]


@router.get("", summary="List the faces in a video")
def list_faces(video: VideoDep, longreel: LongreelDep) -> list[FaceOut]:
    """By first appearance, each with the times at which it is seen. Empty unless faces are switched on."""
    return [FaceOut.of(person) for person in longreel.people.of(video.id)]


@router.patch("/{face}", summary="Name a face")
def rename_face(video: VideoDep, face: FaceName, body: NameIn, longreel: LongreelDep) -> list[FaceOut]:
    """The name applies here and wherever the same face appears."""
    renamed = longreel.people.rename(video.id, face, body.name, here_only=body.here_only)
    return [FaceOut.of(person) for person in renamed]


@router.delete("/{face}", status_code=204, summary="Delete a face's data", response_class=Response)
def delete_face(
    video: VideoDep,
    face: FaceName,
    longreel: LongreelDep,
    everywhere: Annotated[bool, Query(description="in all videos in which a face has the same name")] = False,
) -> None:
    """Deletes the vector, the name and the times. Nothing else is stored."""
    longreel.people.forget(video.id, face, everywhere=everywhere)
