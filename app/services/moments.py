"""The use cases around single moments: search for them, and show the picture of one."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from app.core.errors import BadInput, NotFound
from app.core.ports import FrameSource, Retriever
from app.core.types import Evidence, SegmentKind, TimeSpan, Video, VideoId
from app.services.exports.formats import file_stem
from app.services.library import LibraryService
from app.services.speakers import SpeakerService
from gpu_workers.media.clip import cut

LONGEST_QUERY = 2000
QUALITY = 85
LONGEST_CLIP_S = 1800.0
MOST = 4096
"""The most hits to look through for those of one speaker."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """A frame as a JPEG file, and its time in the video."""

    pts_s: float
    jpeg: bytes


class MomentService:
    """Searches the segments of videos, and decodes single frames of their files."""

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
        """The best hits for a text, in these videos, or in the whole library if none are named.

        With a speaker's name, only hits while that person speaks. Raises BadInput.
        """
        words = " ".join(text.split())
        if not words:
            raise BadInput("The search is empty.", "Give the words to look for.")
        if len(words) > LONGEST_QUERY:
            raise BadInput(f"The search is longer than {LONGEST_QUERY} characters.", "Shorten it.")
        if not videos and self._library.deleted_files():  # a deleted video is in the index until it is forgotten
            videos = [video.id for video in self._library.videos()]
            if not videos:
                return []
        if speaker.strip():
            spans = self._speakers.spans(speaker, videos)
            spoken = not kinds or SegmentKind.SPEECH in kinds
            return search_within(self._retriever(), words, spans if spoken else {}, limit=limit, window=window)
        return self._retriever().search(words, limit=limit, videos=videos, window=window, kinds=kinds)

    def picture(self, video: Video, time_s: float, max_side: int) -> JpegFrame:
        """The frame shown at a time, at most `max_side` pixels on its longest side; the last one past the end.

        Raises NotFound if the video has no pictures or its file is gone.
        """
        if video.media.video is None:
            raise NotFound("This video has no pictures.", "Choose a video with pictures.")
        path = self._library.media_path(video.id)
        times_s, track = [min(time_s, video.duration_s)], video.media.picture_track
        frame = next(self._frames().at(path, times_s, max_side=max_side, track=track), None)
        if frame is None:
            raise NotFound(f"No picture can be read at {time_s:g} s.", "Ask for an earlier time.")
        buffer = io.BytesIO()
        Image.fromarray(frame.image).save(buffer, "JPEG", quality=QUALITY)
        return JpegFrame(frame.pts_s, buffer.getvalue())

    def clip(self, video: Video, span: TimeSpan, folder: Path) -> tuple[Path, TimeSpan]:
        """Copies a span of the file into a new file in `folder`; it begins at the key frame at or before the span.

        Returns the file and the span that it holds. Raises NotFound if the file is gone, BadInput, StorageFull.
        """
        source = self._library.media_path(video.id)
        if not 0 < span.duration_s <= LONGEST_CLIP_S or span.start_s >= video.duration_s:
            hint = f"Give a start and an end inside the video, at most {LONGEST_CLIP_S / 60:g} minutes apart."
            raise BadInput("A clip cannot be made of these times.", hint)
        target = folder / f"{file_stem(video.title)} {span.start_s:g}-{span.end_s:g}{source.suffix or '.mkv'}"
        inside = TimeSpan(span.start_s, min(span.end_s, video.duration_s))
        return target, cut(source, inside, target, track=video.media.picture_track)


def search_within(
    retriever: Retriever,
    text: str,
    spans: Mapping[VideoId, Sequence[TimeSpan]],
    *,
    limit: int,
    window: TimeSpan | None = None,
) -> list[Evidence]:
    """The best hits for a text among segments that contain one of these spans, such as one speaker's sentences.

    Best first, with ids E1, E2, ...; empty if there are no spans. Goes down the ranking until there are enough.
    """
    count = 4 * limit
    while spans:
        hits = retriever.search(text, limit=count, videos=list(spans), window=window, kinds=[SegmentKind.SPEECH])
        matching = [
            hit for hit in hits if any(hit.segment.span.contains(one.middle_s) for one in spans[hit.segment.video_id])
        ]
        if len(matching) >= limit or len(hits) < count or count >= MOST:
            return [replace(hit, id=f"E{place}") for place, hit in enumerate(matching[:limit], start=1)]
        count *= 4
    return []
