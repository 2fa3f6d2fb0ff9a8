"""Who and what the open video mentions: a chip for each; the page's script fetches its mentions."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas.entities import EntityOut
from app.core.types.entities import EntityKind
from ui.render.markup import safe

MOST_CHIPS = 60


def entities(mentioned: Sequence[EntityOut]) -> str:
    """Names, then things, most mentions first; empty if there are none."""
    names = [one for one in mentioned if one.kind is EntityKind.NAME]
    things = [one for one in mentioned if one.kind is EntityKind.THING]
    if not mentioned:
        return ""
    left = len(mentioned) - MOST_CHIPS
    more = f"<small>and {left} more; use the search to find them</small>" if left > 0 else ""
    chips = "".join(
        '<li><button type="button" class="lr-small" aria-expanded="false" aria-controls="lr-moments" '
        f'data-entity="{safe(one.id)}">{"<small>looks like</small> " if one.kind is EntityKind.THING else ""}'
        f"{safe(one.name)} <small>{one.mentions}</small></button></li>"
        for one in [*names, *things][:MOST_CHIPS]
    )
    return (
        f'<details class="lr-entities"><summary>Who and what: {len(mentioned)}</summary>'
        f'<ul class="lr-chips">{chips}</ul>{more}'
        '<div id="lr-moments" role="region" aria-label="Moments"></div></details>'
    )
