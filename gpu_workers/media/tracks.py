"""Chooses which picture stream and sound track of a file to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpu_workers.media.packet_scan import StreamFacts

_LONG_SHARE = 0.5
"""Streams shorter than this share of the longest are thumbnails or trailers."""
_BUSY_SHARE = 0.05
"""Streams with a smaller share of the bytes of the largest show next to nothing."""


def picture_streams(container: Any) -> list[Any]:
    """The picture streams of a file, covers left out; some may have no decoder."""
    from av.stream import Disposition

    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def best_pictures(streams: Sequence[Any], facts: Mapping[int, StreamFacts]) -> Any:
    """The stream that shows the video: long, not blank, flagged as the default, large; None when there is none.

    A writer that is given no flag sets that of the first stream, so it counts only among streams that show something.

    `facts` of the streams are needed only where there are several.
    """
    usable = [stream for stream in streams if stream.codec_context is not None]
    if len(usable) < 2 or not facts:
        return next(iter(usable), None)
    present = [stream for stream in usable if stream.index in facts]
    if not present:
        return max(usable, key=lambda s: (_is_default(s), s.width * s.height))
    lengths_s = {s.index: facts[s.index].end_s - facts[s.index].start_s for s in present}
    present = _above(present, lengths_s, _LONG_SHARE)
    present = [stream for stream in present if not facts[stream.index].is_blank] or present
    flagged = [stream for stream in present if _is_default(stream)]
    if len(flagged) == 1:
        return flagged[0]
    present = _above(present, {s.index: facts[s.index].size_bytes for s in present}, _BUSY_SHARE)
    return max(present, key=lambda s: (_is_default(s), s.width * s.height, facts[s.index].size_bytes))


def _above(streams: list[Any], values: Mapping[int, float], share: float) -> list[Any]:
    most = max(values.values(), default=0.0)
    return [stream for stream in streams if values[stream.index] >= share * most]


def _is_default(stream: Any) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.default)


def sound_order(sounds: Sequence[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Sound tracks in the order in which they are tried: the default one first, comments for few listeners last."""
    from av.stream import Disposition

    special = Disposition.comment | Disposition.visual_impaired | Disposition.hearing_impaired
    return sorted(
        sounds, key=lambda one: (bool(one[1].disposition & special), not one[1].disposition & Disposition.default)
    )
