"""Groups the faces of one chunk by person, in memory that does not grow with the number of faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.types import Diarization, Face, TimeSpan, VoiceTurn
from app.core.types.span import joined
from gpu_workers.speech.clustering import agglomerate, centres

SAME_FACE = 0.4
"""Mean cosine from which two groups of faces are one person's. OpenCV takes two pictures for one at 0.363."""
AT_ONCE = 256
"""Faces that are compared with each other at a time."""
MOST = 32
"""Persons of one stretch: those who are seen for longest."""


class Groups:
    """Groups faces while they come."""

    def __init__(self, every_s: float) -> None:
        """`every_s`: for how long a face that is seen stands."""
        self._every_s = every_s
        self._vectors: list[NDArray[np.float32]] = []
        self._times_s: list[list[float]] = []

    def add(self, time_s: float, face: Face) -> None:
        """A face that is seen at a time; times ascend."""
        self._vectors.append(face.vector)
        self._times_s.append([time_s])
        if len(self._vectors) >= AT_ONCE:
            self._join()

    def found(self, chunk: TimeSpan) -> Diarization:
        """Persons in the place of voices, with turns that may overlap, on the video's clock."""
        self._join()
        turns = []
        for number, times_s in enumerate(self._times_s):
            seen = [TimeSpan(t, max(t, min(t + self._every_s, chunk.end_s))) for t in times_s]
            turns += [VoiceTurn(span, number) for span in joined(seen, self._every_s / 2)]
        vectors = np.stack(self._vectors) if self._vectors else np.zeros((0, 1), np.float32)
        return Diarization(tuple(sorted(turns, key=lambda turn: (turn.span, turn.voice))), vectors)

    def _join(self) -> None:
        if not self._vectors:
            return
        vectors, sizes = np.stack(self._vectors), [float(len(times)) for times in self._times_s]
        labels = agglomerate(vectors, sizes, SAME_FACE)
        means = centres(vectors, sizes, labels)
        times_s: list[list[float]] = [[] for _ in means]
        for label, times in zip(labels, self._times_s, strict=True):
            times_s[label] += times
        longest = sorted(sorted(range(len(means)), key=lambda row: -len(times_s[row]))[:MOST])
        self._vectors = [means[row] for row in longest]
        self._times_s = [sorted(times_s[row]) for row in longest]
