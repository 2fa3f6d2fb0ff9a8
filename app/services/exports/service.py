"""The use case: export one video as one file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.core.errors import NotFound
from app.core.types import SegmentKind, Video, VideoId
from app.services.exports.formats import FORMATS, file_stem, named
from app.services.exports.lecture import PICTURE_SIDE, slides_of
from app.services.exports.material import Material, Source, of_digest
from app.services.library import LibraryService

OF_TRANSCRIPT = frozenset({"srt", "vtt", "whisperx"})
"""Formats that need only the transcript, and so are available before the chapters."""


def exported(
    library: LibraryService, video: Video, format: str, *, server: str = "", media: str = ""
) -> tuple[str, bytes]:
    """A file name and its content. Raises BadInput for an unknown format, NotFound before the video is ingested.

    Times link to a `server`, or to the video at `media`, a relative address.
    """
    [name] = named([format])
    digest = library.digest(video.id)
    if digest is None and name not in OF_TRANSCRIPT:
        raise NotFound(f"{video.title} has no chapters yet.", "Wait until it is ready.")
    source = Source(server, media, date.today(), heard_by(library, video.id))
    material = of_digest(video, library.utterances(video.id), digest, source)
    if FORMATS[name].shows_slides:
        material = with_slides(library, material)
    return f"{file_stem(video.title)}.{FORMATS[name].suffix}", FORMATS[name].write(material)


def with_slides(library: LibraryService, material: Material) -> Material:
    """The material with its slides, read from the video's file. Raises NotFound when that is gone."""
    id = material.video.id
    written = library.segments(id, [SegmentKind.SCREEN_TEXT])

    def picture(time_s: float) -> bytes:
        return library.picture(id, time_s, PICTURE_SIDE)

    slides = slides_of(material.video, material.utterances, written, material.chapters, picture)
    return replace(material, slides=slides)


def heard_by(library: LibraryService, id: VideoId) -> str:
    """The model, or the subtitles, that a transcript comes from; "" without one."""
    return next((segment.model for segment in library.segments(id, [SegmentKind.SPEECH])), "")
