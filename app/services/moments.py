"""The use cases around single moments: find them by words, and show the picture of one."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from app.core.errors import BadInput, NotFound
from app.core.ports import FrameSource, Retriever
from app.core.types import Evidence, SegmentKind, TimeSpan, Video, VideoId
from app.services.library import LibraryService
from app.services.speakers import SpeakerService

LONGEST_QUERY = 2000
QUALITY = 85
MOST = 4096
"""Pieces of evidence that are looked through at most, for those of one speaker."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """A frame as a JPEG file, and the time at which the video shows it."""

    pts_s: float
    jpeg: bytes


class MomentService:
    """Searches what was found in the videos, and decodes single frames of their files."""

    def __init__(
        self,
        library: LibraryService,
        retriever: Callable[[], Retriever],
        frames: Callable[[], FrameSource],
        speakers: SpeakerService,
    ) -> None:
        self._library = library
        self._retriever = retriever
        self._frames = frames
        self._speakers = speakers

    def search(
        self,
        text: str,
        videos: Sequence[VideoId] = (),
        *,
        kinds: Sequence[SegmentKind] = (),
        window: TimeSpan | None = None,
        speaker: str = "",
        limit: int = 10,
    ) -> list[Evidence]:
        """What fits a text best, in some videos or (none named) the whole library.

        With a speaker's name, only what is said while that person speaks. Raises BadInput.
        """
        words = " ".join(text.split())
        if not words:
            raise BadInput("The search is empty.", "Give the words to look for.")
        if len(words) > LONGEST_QUERY:
            raise BadInput(f"The search is longer than {LONGEST_QUERY} characters.", "Shorten it.")
        if not videos and self._library.binned():
            videos = [video.id for video in self._library.videos()]
            if not videos:
                return []
        if speaker.strip():
            spans = self._speakers.spans(speaker, videos)
            spoken = not kinds or SegmentKind.SPEECH in kinds
            return search_within(self._retriever(), words, spans if spoken else {}, limit=limit, window=window)
        return self._retriever().search(words, limit=limit, videos=videos, window=window, kinds=kinds)

    def picture(self, video: Video, time_s: float, max_side: int) -> JpegFrame:
        """The frame shown at a time, at most `max_side` pixels on its longest side; past the end the last one.

        Raises NotFound when the video has no pictures or its file is gone.
        """
        if video.media.video is None:
            raise NotFound("This video has no pictures.")
        path = self._library.media_path(video.id)
        frame = next(self._frames().at(path, [min(time_s, video.duration_s)], max_side=max_side), None)
        if frame is None:
            raise NotFound(f"No picture can be read at {time_s:g} s.", "Ask for an earlier time.")
        buffer = io.BytesIO()
        Image.fromarray(frame.image).save(buffer, "JPEG", quality=QUALITY)
        return JpegFrame(frame.pts_s, buffer.getvalue())


def search_within(
    retriever: Retriever,
    text: str,
    spans: Mapping[VideoId, Sequence[TimeSpan]],
    *,
    limit: int,
    window: TimeSpan | None = None,
) -> list[Evidence]:
    """What was said that fits a text best, among the moments that hold one of these spans: one speaker's sentences.

    Best first, with ids E1, E2, ...; nothing for no spans. Looks further down the ranking until enough is found.
    """
    asked = 4 * limit
    while spans:
        found = retriever.search(text, limit=asked, videos=list(spans), window=window, kinds=[SegmentKind.SPEECH])
        kept = [one for one in found if _holds(one.segment.span, spans[one.segment.video_id])]
        if len(kept) >= limit or len(found) < asked or asked >= MOST:
            return [replace(one, id=f"E{place}") for place, one in enumerate(kept[:limit], start=1)]
        asked *= 4
    return []


def _holds(span: TimeSpan, wanted: Sequence[TimeSpan]) -> bool:
    return any(span.contains(one.middle_s) for one in wanted)
