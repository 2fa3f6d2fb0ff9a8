"""The moments of a video, one a second, with vectors to search and to cluster them by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.errors import NotFound
from app.evaluation.modes.material import evenly
from app.evaluation.modes.published import Work

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Moments:
    """Times in order, and a unit vector of each, shape (n, d). `embed_query`: words in the same space."""

    times_s: tuple[float, ...]
    vectors: Vectors
    embed_query: Callable[[str], Vectors]

    def evenly(self, count: int) -> list[int]:
        """So many of them from the first to the last, evenly spaced; all where there are no more."""
        last = len(self.times_s) - 1
        return sorted({round(place) for place in np.linspace(0, last, num=min(count, last + 1))})

    def nearest(self, text: str, places: Sequence[int]) -> int:
        """Which of these places fits the words best."""
        return places[int((self.vectors[list(places)] @ self.embed_query(text)).argmax())]


def moments_of(work: Work) -> Moments:
    """The stored vectors of the frames; without them, those of the captions at each second. Raises MissingPart."""
    parts = work.parts
    try:
        features = [] if parts.frame_embedder is None else list(parts.features(work.video))
    except NotFound:
        features = []
    if features and parts.frame_embedder is not None:
        vectors = np.stack([one.concept for one in features])
        return Moments(tuple(one.pts_s for one in features), vectors, parts.frame_embedder.embed_query)
    seconds = max(1, int(work.video.duration_s))
    count = seconds if work.stored_captions() else min(seconds, work.shown.count(work.video.duration_s))
    times = evenly(work.video.duration_s, max(1, count))
    texts = [text for _, text in work.captions_at(times)]
    work.seen_s.clear()
    distinct = list(dict.fromkeys(texts))
    rows = dict(zip(distinct, parts.text_embedder.embed(distinct), strict=True))
    return Moments(tuple(times), np.stack([rows[text] for text in texts]), parts.text_embedder.embed_query)
