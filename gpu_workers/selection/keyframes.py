"""Selects the file's key frames (I-frames): pictures that the encoder stored whole, often where the picture changes.

They are known from the packets without decoding, and are the cheapest pictures to decode. They depend on the file and
not on the features, so this selector is built for one file instead of through a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.core.types import FrameFeatures
from gpu_workers.media.container import opened
from gpu_workers.selection.blank import evenly, worth_showing


def keyframe_times(path: Path, track: int | None = None) -> list[float]:
    """The times of the key frames of a picture track in seconds, ascending; None takes the best one. Raises BadInput.

    To decode only these, pass them to `FrameSource.at`.
    """
    with opened(path, track) as media:
        if media.video is None:
            return []
        packets = media.packets(media.video.index, 0.0)
        times = [media.packet_s(packet) for packet in packets if packet.is_keyframe and not packet.is_discard]
    return sorted(max(0.0, time_s) for time_s in times if time_s is not None)


class KeyframeSelector:
    """Takes the candidates nearest to key frames, thinned evenly to the budget. Implements `FrameSelector`."""

    def __init__(self, times_s: Sequence[float]) -> None:
        self._times_s = sorted(times_s)

    @classmethod
    def of_file(cls, path: Path, track: int | None = None) -> KeyframeSelector:
        """For the candidates of one file. Raises BadInput."""
        return cls(keyframe_times(path, track))

    @property
    def name(self) -> str:
        """The method's name."""
        return "keyframes"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port. Takes evenly spaced frames if the file has no key frames."""
        usable = worth_showing(candidates)
        times = np.array([candidates[index].pts_s for index in usable])
        nearest = sorted({int(np.abs(times - time_s).argmin()) for time_s in self._times_s}) if usable else []
        return evenly([usable[place] for place in nearest] or usable, budget)
