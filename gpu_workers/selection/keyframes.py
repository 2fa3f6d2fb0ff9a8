"""Key frames of the file (I-frames): pictures that the encoder stored whole, often where the picture changes.

They are known from the packets, without decoding, and are the cheapest pictures to decode. Which frames they are is
a fact of the file and not of the features, so that this selection is made for a file instead of by a setting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from app.core.types import FrameFeatures, TimeSpan
from gpu_workers.media.container import SAME_TIME_S, opened
from gpu_workers.selection.blank import evenly, worth_showing


def keyframe_times(path: Path, span: TimeSpan | None = None) -> list[float]:
    """When the key frames of a file are shown, seconds, ascending; `span` keeps those inside it. Raises BadInput.

    Decoding them and nothing else is `FrameSource.at` with these times.
    """
    times: list[float] = []
    with opened(path) as media:
        if media.video is None:
            return []
        for packet in media.packets(media.video.index, span.start_s if span else 0.0):
            time_s = media.packet_s(packet)
            if time_s is None or not packet.is_keyframe:
                continue
            if span is not None and time_s > span.end_s:
                break
            if span is None or time_s >= span.start_s - SAME_TIME_S:
                times.append(max(0.0, time_s))
    return sorted(times)


class KeyframeSelector:
    """Takes the candidates that lie nearest to key frames, thinned evenly to the budget. Plays `FrameSelector`."""

    def __init__(self, times_s: Sequence[float]) -> None:
        self._times_s = sorted(times_s)

    @classmethod
    def of_file(cls, path: Path) -> KeyframeSelector:
        """For the candidates of one file. Raises BadInput."""
        return cls(keyframe_times(path))

    @property
    def name(self) -> str:
        """The method's name."""
        return "keyframes"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port. Even frames where the file has no key frames."""
        usable = worth_showing(candidates)
        times = [candidates[index].pts_s for index in usable]
        nearest = sorted({_nearest(times, time_s) for time_s in self._times_s}) if usable else []
        return evenly([usable[place] for place in nearest] or usable, budget)


def _nearest(times: Sequence[float], time_s: float) -> int:
    after = min(bisect_left(times, time_s), len(times) - 1)
    before = max(after - 1, 0)
    return before if time_s - times[before] <= times[after] - time_s else after
