"""Speakers: list those of a video, and name them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.deps import LongreelDep, VideoDep
from app.api.schemas.speakers import NameIn, SpeakerOut

router = APIRouter(prefix="/videos/{video}/speakers", tags=["speakers"])


@router.get("", summary="List the speakers of a video")
def list_speakers(video: VideoDep, longreel: LongreelDep) -> list[SpeakerOut]:
    """By first appearance, with suggestions for those without a name. Empty if speakers were not separated."""
    return [SpeakerOut.of(speaker) for speaker in longreel.speakers.of(video.id)]


@router.patch("/{speaker}", summary="Name a speaker")
def rename_speaker(
    video: VideoDep,
    speaker: Annotated[str, Path(max_length=100, description="the speaker's current name, such as Speaker 1")],
    body: NameIn,
    longreel: LongreelDep,
) -> list[SpeakerOut]:
    """The name applies here and wherever the same person speaks; transcripts and searches use it at once."""
    renamed = longreel.speakers.rename(video.id, speaker, body.name, here_only=body.here_only)
    return [SpeakerOut.of(one) for one in renamed]
