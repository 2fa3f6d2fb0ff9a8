"""Times as people read them."""

from __future__ import annotations

from app.core.types import TimeSpan


def clock(seconds: float) -> str:
    """A time such as 7:05 or 1:02:03; 0:00 for a negative one."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span_clock(span: TimeSpan) -> str:
    """A span such as 2:03-2:10, or one time when both ends read the same."""
    start, end = clock(span.start_s), clock(span.end_s)
    return start if start == end else f"{start}-{end}"
