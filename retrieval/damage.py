"""Sets a damaged index aside under another name; a new one is then built from the library."""

from __future__ import annotations

from datetime import UTC, datetime

REINDEX = "Build it again from the library: longreel reindex. A server does so by itself when it starts."


def damage_mark() -> str:
    """What the name of a damaged store ends with."""
    return f"damaged-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
