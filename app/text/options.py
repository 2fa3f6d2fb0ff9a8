"""The letters of the options of a multiple-choice question."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import regex

from app.text.tokens import occurrences, words

_LETTERED = regex.compile(r"(?|(?:option|answer):?\s+\(?([a-z])\b|([a-z])(?:[).:]+\s|\s+[-\u2013:]\s))")
"""A letter before the text of its option, such as "B) blue", "b - blue" or "option B"; not the article "a"."""


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
    lettered = _LETTERED.match(bare)
    if lettered and lettered[1] in places:
        return places[lettered[1]]
    part = words(bare)
    inside = [at for at, option in enumerate(texts) if part and occurrences(part, words(option))]
    return inside[0] if len(inside) == 1 else None
