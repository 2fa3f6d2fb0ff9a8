"""A damaged index is not deleted: it gets another name, and a new one is built from the library."""

from __future__ import annotations

from datetime import UTC, datetime

REINDEX = "Build it again from the library: longreel reindex. A server does so by itself when it starts."


def damage_mark() -> str:
    """What the name of a damaged store ends with."""
    return f"damaged-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
