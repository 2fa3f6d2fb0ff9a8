"""What a detector found in a frame, in words: numbers, locations and relations, after Video-RAG (arXiv 2411.13093)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from app.core.types import Detection
from app.core.types.boxes import Box

LOCATED, RELATED = 12, 6
"""Things that are located, and whose relations are given, at most: the most certain ones."""


def described(things: Sequence[Detection]) -> str:
    """How many of each there are, where each lies, and how each two lie to each other."""
    counts = Counter(thing.name for thing in things)
    surest = sorted(things, key=lambda thing: -thing.confidence)[:LOCATED]
    totals, seen = Counter(thing.name for thing in surest), Counter[str]()
    names, places = [], []
    for one in surest:
        seen[one.name] += 1
        name = f"{one.name} {seen[one.name]}" if totals[one.name] > 1 else one.name
        names.append(name)
        across, down = (one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2
        side = "on the left" if across < 0.4 else "on the right" if across > 0.6 else "in the middle"
        height = "top" if down < 0.4 else "bottom" if down > 0.6 else "centre"
        places.append(f"{name} {side}, {height} ({one.confidence:.0%})")
    parts = [f"{', '.join(f'{count} {name}' for name, count in counts.items())}: {'; '.join(places)}"]
    for (name, one), (other_name, other) in combinations(zip(names[:RELATED], surest, strict=False), 2):
        if related := relations(one.box, other.box):
            parts.append(f"{name} {' and '.join(related)} {other_name}")
    return "; ".join(parts)


def relations(one: Box, other: Box) -> list[str]:
    """How one box lies to another, by their edges."""
    if one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]:
        return ["overlaps"]
    aside = "left of" if one[2] < other[0] else "right of" if one[0] > other[2] else ""
    upright = "above" if one[3] < other[1] else "below" if one[1] > other[3] else ""
    return [relation for relation in (aside, upright) if relation]
