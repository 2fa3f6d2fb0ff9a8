"""How many threads a model may use."""

from __future__ import annotations

import os


def threads(wanted: int) -> int:
    """`wanted`, or with 0 one for each core that this process may run on."""
    if wanted > 0:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
