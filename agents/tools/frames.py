"""Which frames a look shows: of all stored vectors of the spans, one a second, those that bear on the goal.

A grid of evenly spaced frames misses a short event in a long video; the stored vectors do not. A part of the frames
goes to the best matches as such, so that no method of spreading can lose them; the settings' selection method chooses
the rest; and what is left refines around the best, between the stored seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.ports import FrameEmbedder, FrameSelector, QueryFrameSelector
from app.core.ports.vision import FrameFetch
from app.core.types import FrameFeatures, TimeSpan, evenly

PEAK_SHARE, REFINED_SHARE = 0.25, 0.125
"""Of the frames of a look: for the best matches, and for the half seconds around them."""
PEAK_APART_S = 2.0
"""Best matches nearer than this to a better one repeat it."""
DENSE_S = 1.0
"""Below this many seconds a frame, all frames of the span are shown evenly and nothing needs choosing."""


@dataclass(frozen=True, slots=True)
class FrameChooser:
    """Chooses the moments of one video that a look should show."""

    embedder: FrameEmbedder
    selector: QueryFrameSelector | None
    fetch: FrameFetch
    """Decodes frames, for selection methods that look themselves."""

    def choose(
        self, goal: str, features: Sequence[FrameFeatures], spans: Sequence[TimeSpan], count: int
    ) -> list[float]:
        """At most `count` times in seconds, ascending, inside the spans."""
        inside = _inside(features, spans)
        total_s = sum(span.duration_s for span in spans)
        if count <= 0 or total_s <= count * DENSE_S or len(inside) <= max(1, count):
            return evenly(spans, count)
        peaks = _peaks(self.embedder, goal, inside, max(1, round(count * PEAK_SHARE)))
        near = [peak + offset for peak in peaks for offset in (-0.5, 0.5, -1.0, 1.0)]
        refined = [time_s for time_s in near if any(span.contains(time_s) for span in spans)]
        times = dict.fromkeys([*peaks, *refined[: round(count * REFINED_SHARE)]])
        left = count - len(times)
        if left > 0 and self.selector is not None:
            chosen = self.selector.select(goal, inside, left, fetch=self.fetch)
            times |= dict.fromkeys(inside[at].pts_s for at in chosen)
        times |= dict.fromkeys(evenly(spans, count - len(times)))
        return sorted(list(times)[:count])


def distinct(
    selector: FrameSelector, features: Sequence[FrameFeatures], spans: Sequence[TimeSpan], count: int
) -> list[float]:
    """At most `count` times in seconds, ascending, of the stored frames that together represent the spans.

    Evenly spaced times where no frame of the spans was stored.
    """
    inside = _inside(features, spans)
    return [inside[at].pts_s for at in selector.select(inside, count)] or evenly(spans, count)


def _inside(features: Sequence[FrameFeatures], spans: Sequence[TimeSpan]) -> list[FrameFeatures]:
    return [one for one in features if any(span.contains(one.pts_s) for span in spans)]


def _peaks(embedder: FrameEmbedder, goal: str, frames: Sequence[FrameFeatures], count: int) -> list[float]:
    """The times of the best matches that are not next to a better one, best first."""
    query = embedder.embed_query(goal)
    ranked = sorted(frames, key=lambda one: -float(one.concept @ query))
    peaks: list[float] = []
    for one in ranked:
        if all(abs(one.pts_s - other) >= PEAK_APART_S for other in peaks):
            peaks.append(one.pts_s)
        if len(peaks) == count:
            break
    return peaks
