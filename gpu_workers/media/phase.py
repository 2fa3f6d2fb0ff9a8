"""Checks whether the two channels of a stereo track cancel each other out when they are mixed."""

from __future__ import annotations

from typing import Any

import numpy as np

_EVERY = 4
"""One decoded frame of so many is measured."""
_CANCELLED = 0.03
"""The mix has less than this share of the power of the louder channel (-15 dB)."""
_AUDIBLE = 1e-7
"""Power of a channel below which nothing is measured (-70 dB of full scale)."""
_LEAST_FRAMES = 8


class PhaseMeter:
    """Takes decoded frames and compares the channels with their mix."""

    def __init__(self) -> None:
        self._seen = 0
        self._audible = 0
        self._cancelled = 0
        self._power = np.zeros(2)

    def add(self, frame: Any) -> None:
        """The next decoded frame; only stereo frames count."""
        self._seen += 1
        if self._seen % _EVERY or frame.layout.nb_channels != 2:
            return
        samples = frame.to_ndarray()
        channels = (samples if frame.format.is_planar else samples.reshape(-1, 2).T).astype(np.float64)
        if np.issubdtype(samples.dtype, np.integer):
            channels = (channels - (128.0 if samples.dtype == np.uint8 else 0.0)) / np.iinfo(samples.dtype).max
        power = np.mean(np.square(channels), axis=1)
        if power.max() < _AUDIBLE:
            return
        self._audible += 1
        self._cancelled += float(np.mean(np.square(channels.mean(axis=0)))) < _CANCELLED * power.min()
        self._power += power

    def channel_to_use(self) -> int | None:
        """The louder channel where most of the sound would be lost in the mix; None where the mix is right."""
        if self._audible < _LEAST_FRAMES or self._cancelled * 2 <= self._audible:
            return None
        return int(np.argmax(self._power))
