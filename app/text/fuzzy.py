"""How closely a quotation matches a text, tolerant of misheard and misread letters."""

from __future__ import annotations

import regex
from rapidfuzz import fuzz

from app.text.tokens import is_unspaced, normalise

_SIGNS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_GLUED_FROM = 5
"""A shorter quotation must be a whole word of the text: "art" is not in "party"."""


def contains(quote: str, text: str) -> float:
    """How much of a quotation one part of a text contains, 0 to 1, ignoring case, signs and spaces.

    1 means letter by letter. An empty quotation is in no text. A wrong digit costs no more than a wrong letter:
    compare numbers by `app.text.numbers` too.
    """
    needle, hay = _plain(quote), _plain(text)
    if not needle or not hay:
        return 0.0
    if f" {needle} " in f" {hay} ":
        return 1.0
    if len(needle) > len(hay):
        # rapidfuzz would look for the shorter in the longer, and a text inside its own quotation proves nothing.
        return fuzz.ratio(needle, hay) / 100
    if len(needle) < _GLUED_FROM and not is_unspaced(needle):
        return max(fuzz.ratio(needle, word) / 100 for word in hay.split())
    return fuzz.partial_ratio(needle, hay) / 100


def likeness(one: str, other: str) -> float:
    """How similar two strings are letter by letter, 0 to 1, ignoring case and signs."""
    a, b = _plain(one), _plain(other)
    return fuzz.ratio(a, b) / 100 if a and b else 0.0


def _plain(text: str) -> str:
    return " ".join(_SIGNS.split(normalise(text))).strip()
