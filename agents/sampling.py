"""Which frames a closer look sees: evenly spaced in a short span, those that bear on the question in a long one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from agents.state import Work
from app.core.types import Frame, TimeSpan, Video

LONG_S = 120.0
"""In a longer span a few evenly spaced frames would miss what matters."""
SCANNED = 4
"""Small frames that are compared for each one that is looked at."""
SCAN_SIDE = 448
"""Longest side of those, in pixels: what the frame embedders see."""


def frames_of(
    question: str,
    video: Video,
    span: TimeSpan,
    work: Work,
    *,
    max_side: int,
    wanted: int,
    known: Sequence[TimeSpan] = (),
) -> list[Frame]:
    """At most `wanted` frames of a span, in time order, as many as the budget allows, and none inside `known`.

    The budget counts the frames that are looked at, and not the small ones among which they are chosen.
    """
    allowed = work.budget.frames(wanted if span.duration_s > 0 else 1)
    if allowed == 0:
        return []
    times = _outside(evenly(span, allowed), known)
    if span.duration_s > LONG_S and work.parts.query_frame_selector and work.parts.frame_embedder:
        times = _chosen(question, video, _outside(evenly(span, SCANNED * allowed), known), work, allowed, max_side)
    frames = list(work.parts.frames.at(Path(video.path), times, max_side=max_side))
    work.budget.spend_frames(len(frames))
    return frames


def evenly(span: TimeSpan, count: int) -> list[float]:
    """The middles of `count` equal parts of a span, in seconds; a moment is itself."""
    if span.duration_s == 0:
        return [span.start_s]
    return [span.start_s + (part + 0.5) * span.duration_s / count for part in range(count)]


def _outside(times: Sequence[float], known: Sequence[TimeSpan]) -> list[float]:
    return [time for time in times if not any(span.contains(time) for span in known)]


def _chosen(question: str, video: Video, times: Sequence[float], work: Work, count: int, max_side: int) -> list[float]:
    """The times that the selection method chooses."""
    parts, path = work.parts, Path(video.path)
    assert parts.query_frame_selector is not None and parts.frame_embedder is not None
    features = parts.frame_embedder.embed(list(parts.frames.at(path, times, max_side=SCAN_SIDE)))
    work.budget.check()

    def fetch(times_s: Sequence[float]) -> Iterable[Frame]:
        return parts.frames.at(path, times_s, max_side=max_side)

    return [
        features[place].pts_s for place in parts.query_frame_selector.select(question, features, count, fetch=fetch)
    ]
