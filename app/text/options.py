"""The letters of the options of a multiple-choice question."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase


def letter(place: int) -> str:
    """A, B, C, ... of an option."""
    return chr(ord("A") + place)


def option_place(text: str, options: Sequence[str]) -> int | None:
    """Which option a model means by a letter, a letter with its text, the text, or a part of the text of only one."""
    bare = text.strip().strip("().:*\"'").strip().casefold()
    places = dict(zip(ascii_lowercase, range(len(options)), strict=False))
    if bare in places:
        return places[bare]
    texts = [option.strip().casefold() for option in options]
    if bare in texts:
        return texts.index(bare)
    head, _, rest = bare.partition(". ")
    if rest and head in places:
        return places[head]
    inside = [at for at, option in enumerate(options) if bare and bare in option.casefold()]
    return inside[0] if len(inside) == 1 else None
