"""Who and what the open video mentions: a chip for each; the page's script fetches its mentions."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas.entities import EntityOut
from app.core.types.entities import EntityKind
from ui.render.templates import NOTHING, fill

MOST_CHIPS = 60


def entities(mentioned: Sequence[EntityOut]) -> Markup:
    """Names, then things, most mentions first; empty if there are none."""
    if not mentioned:
        return NOTHING
    chips = sorted(mentioned, key=lambda one: one.kind is not EntityKind.NAME)[:MOST_CHIPS]
    return fill("entities.html", count=len(mentioned), chips=chips, left=len(mentioned) - MOST_CHIPS)
