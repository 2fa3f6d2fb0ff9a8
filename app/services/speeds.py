"""How fast this machine reads, summarizes and answers: measured with each video, for the estimate of a batch."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.ports import StageStore
from app.core.types import Video, VideoId

Work = Literal["reading", "summary", "answer"]
STAGE, VERSION = "speed", "1"
RECENT = 10
"""So many of the newest measurements count."""
MOST_VIDEOS = 100
"""Videos that are looked through for them, newest first."""
USUAL: dict[Work, float] = {"reading": 0.1, "summary": 2.0, "answer": 8.0}
"""Seconds for a second of video, a summary, an answer, where nothing was measured: offline, on two cores."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for one unit of work, and on how many videos that rests; 0: it is only the usual value."""

    seconds: float
    videos: int


def save_speed(stages: StageStore, video: VideoId, work: Work, seconds: float, amount: float) -> None:
    """Stores how long work took on a video: `amount` are seconds of video, summaries or answers."""
    if amount > 0:
        stages.save_unit(video, STAGE, VERSION, work, json.dumps(seconds / amount).encode())


def recent_speed(stages: StageStore, videos: Sequence[Video], work: Work) -> Speed:
    """The median of the newest measurements; `videos` are newest first."""
    measured: list[float] = []
    for video in videos[:MOST_VIDEOS]:
        stored = stages.units(video.id, STAGE, VERSION).get(work)
        if stored is not None:
            measured.append(float(json.loads(stored)))
        if len(measured) == RECENT:
            break
    return Speed(statistics.median(measured), len(measured)) if measured else Speed(USUAL[work], 0)
