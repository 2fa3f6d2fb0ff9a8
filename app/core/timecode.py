"""Times as people and models write them."""

from __future__ import annotations

import math
import re

from app.core.types import TimeSpan

FRAME_RATES = (25.0, 30.0, 60.0, 120.0)
"""The rates for the last part of a time code such as 00:13:05:12: the first one larger than it."""

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)")
_TIMECODE = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})[:;](\d{2})")


def clock(seconds: float, *, tenths: bool = False) -> str:
    """A time such as 2:03 or 1:02:03; with `tenths` 2:03.4. Never rounds up to a later time."""
    total = math.floor(max(0.0, seconds) * 10 + 1e-6)
    whole, tenth = divmod(total, 10)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{text}.{tenth}" if tenths else text


def span_clock(span: TimeSpan) -> str:
    """A span such as 2:03-2:10, or one time when both ends read the same."""
    start, end = clock(span.start_s), clock(span.end_s)
    return start if start == end else f"{start}-{end}"


def frames_s(frames: float) -> float:
    """The seconds of the frame part of a time code."""
    return frames / next(rate for rate in FRAME_RATES if frames < rate)


def parse_clock(text: str) -> float | None:
    """Seconds of a time such as 2:03, 1:02:03.5, 01:02:03:12 (frames last) or 83.2; None for anything else."""
    timecode = _TIMECODE.fullmatch(text.strip())
    if timecode:
        hours, minutes, seconds, frames = map(int, timecode.groups())
        return hours * 3600 + minutes * 60 + seconds + frames_s(frames)
    match = _CLOCK.fullmatch(text.strip())
    if match:
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
