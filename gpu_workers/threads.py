"""The number of threads that a model may use."""

from __future__ import annotations

import os


def threads(count: int) -> int:
    """`count`; for 0, one thread for each core that this process may run on."""
    if count > 0:
        return count
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
