"""Subtitles inside a video file: which tracks there are, and what they say or show. Plays `SubtitleSource`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import BadInput
from app.core.types import SubtitleTrack, TimeSpan
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.opening import demuxed, media_errors, open_container
from gpu_workers.media.subtitle_pictures import BitmapReader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEXT_CODECS = frozenset(
    {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "mpl2", "sami", "realtext", "ttml"}
)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")
"""SubStation's mark of a line that draws a shape: its text is a list of points."""
_OVERRIDES = re.compile(r"(?<!\\)\{[^{}]*\}")
"""What SubStation says about the looks of the words that follow; a brace that is to be seen has a backslash."""
_GUESSED_S, _LONGEST_S = 4.0, 20.0
"""How long a subtitle is shown that does not say it, and how long it is at most until the next one."""


class PyAVSubtitles:
    """Reads subtitle tracks with PyAV."""

    def tracks(self, path: Path) -> list[SubtitleTrack]:
        """See the port. Raises BadInput."""
        with media_errors(path):
            container = open_container(path, None)
            try:
                return [_track(place, stream) for place, stream in enumerate(container.streams.subtitles)]
            finally:
                container.close()

    def pictures(self, path: Path, track: int) -> Iterator[tuple[TimeSpan, NDArray[np.uint8]]]:
        """See the port. Raises BadInput."""
        with opened(path) as media:
            if _chosen(media, track).is_text:
                raise BadInput(f"Subtitle track {track} of {path.name} holds text.", "Read its text.")
            bitmaps = BitmapReader(media.container.streams.subtitles[track].codec_context.name)
            shown: tuple[float, float, NDArray[np.uint8]] | None = None
            for packet in _packets(media, track):
                start_s = media.seconds(packet.pts, packet.time_base)
                try:
                    image = bitmaps.picture(packet.decode(), bytes(packet))
                except Exception:  # noqa: BLE001, S112 - damage makes the libraries raise anything; the next may be sound
                    continue
                if start_s is None:
                    continue
                if shown is not None:
                    yield _until(shown, start_s)
                shown = (max(0.0, start_s), _length_s(packet), image) if image is not None else None
            if shown is not None:
                yield _until(shown, shown[0] + (shown[1] or _GUESSED_S))  # the last one, of which nothing shows the end

    def texts(self, path: Path, track: int) -> list[tuple[TimeSpan, str]]:
        """See the port. Raises BadInput."""
        with opened(path) as media:
            if not _chosen(media, track).is_text:
                raise BadInput(f"Subtitle track {track} of {path.name} holds pictures.", "Choose a text track.")
            cues = []
            for packet in _packets(media, track):
                start_s = media.seconds(packet.pts, packet.time_base)
                try:
                    lines = [rect.ass.decode("utf-8", "replace") for rect in packet.decode()]
                except Exception:  # noqa: BLE001 - damage makes the libraries raise anything; the next may be sound
                    lines = []
                if start_s is not None:
                    cues.append((start_s, _length_s(packet), "\n".join(filter(None, map(_plain_text, lines)))))
        result = []
        for (start_s, length_s, text), (next_s, _, _) in pairwise([*sorted(cues), (float("inf"), 0.0, "")]):
            end_s = start_s + length_s if length_s > 0 else min(next_s, start_s + _GUESSED_S)
            end_s = end_s if end_s - start_s <= _LONGEST_S else max(start_s + _GUESSED_S, min(end_s, next_s))
            if text.strip() and end_s > 0:
                result.append((TimeSpan(max(0.0, start_s), end_s), text))
        return list(dict.fromkeys(result))  # SubStation draws a line again for its shadow and its glow


def _plain_text(line: str) -> str:
    """The words of a line of SubStation, to which FFmpeg turns every format of text: eight fields lie before them."""
    *_, text = line.split(",", 8)
    if _DRAWING.search(text):
        return ""
    text = re.sub(r"\\([{}])", r"\1", _OVERRIDES.sub("", text))
    return re.sub(r"\\[Nn]", "\n", text).replace(r"\h", " ").strip()


def _chosen(media: OpenMedia, track: int) -> SubtitleTrack:
    streams = media.container.streams.subtitles
    if not 0 <= track < len(streams):
        raise BadInput(
            f"{media.path.name} has no subtitle track {track}.", f"It has {len(streams)} of them, counted from 0."
        )
    if streams[track].codec_context is None:  # FFmpeg knows the kind, but this build has no decoder for it
        raise BadInput(
            f"Subtitle track {track} of {media.path.name} cannot be decoded here.",
            "Choose another track, or give its text as a file with --subtitles.",
        )
    return _track(track, streams[track])


def _track(place: int, stream: Any) -> SubtitleTrack:
    from av.stream import Disposition

    codec = stream.codec_context.name if stream.codec_context is not None else ""
    language = stream.language
    return SubtitleTrack(
        index=place,
        codec=codec or "unknown",
        is_text=codec in _TEXT_CODECS,
        language=str(language) if language and language != "und" else None,
        title=str(stream.metadata.get("title", "")),
        default=bool(stream.disposition & Disposition.default),
        forced=bool(stream.disposition & Disposition.forced),
    )


def _packets(media: Any, track: int) -> Iterator[Any]:
    return demuxed(media.container, media.container.streams.subtitles[track])


def _length_s(packet: Any) -> float:
    """How long a packet is shown; 0 where it does not say."""
    return float((packet.duration or 0) * packet.time_base) if packet.time_base else 0.0


def _until(shown: tuple[float, float, NDArray[np.uint8]], next_s: float) -> tuple[TimeSpan, NDArray[np.uint8]]:
    start_s, length_s, image = shown
    end_s = min(next_s, start_s + (length_s if 0 < length_s <= _LONGEST_S else _LONGEST_S))
    return TimeSpan(start_s, max(start_s, end_s)), image
