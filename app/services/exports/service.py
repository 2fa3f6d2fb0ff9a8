"""The use case: export one video as one file."""

from __future__ import annotations

from app.core.errors import NotFound
from app.core.types import Video
from app.services.exports.formats import FORMATS, file_stem, named
from app.services.exports.material import of_digest
from app.services.library import LibraryService

OF_TRANSCRIPT = frozenset({"srt", "vtt", "whisperx"})
"""Formats that need only the transcript, and so are available before the chapters."""


def exported(library: LibraryService, video: Video, format: str, *, media_url: str = "") -> tuple[str, bytes]:
    """A file name and its content. Raises BadInput for an unknown format, NotFound before the video is ingested."""
    [name] = named([format])
    digest = library.digest(video.id)
    if digest is None and name not in OF_TRANSCRIPT:
        raise NotFound(f"{video.title} has no chapters yet.", "Wait until it is ready.")
    material = of_digest(video, library.utterances(video.id), digest, media_url)
    return f"{file_stem(video.title)}.{FORMATS[name].suffix}", FORMATS[name].write(material)
