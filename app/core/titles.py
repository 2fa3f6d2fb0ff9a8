"""Titles and names as people, files and other programs give them, on one line that reads in one direction."""

from __future__ import annotations

import unicodedata

LONGEST = 300
"""Characters of a title."""

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn what follows around: a file called exe.<turned>4pm would be shown as a film."""
_INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff")


def tidy_title(text: str) -> str:
    """The text without line breaks, control characters and marks of direction; "" where nothing is left.

    Bytes of a file's name that are no UTF-8 become question marks. What joins letters and signs of other scripts, and
    pictures, stays.
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    plain = (character for character in readable if character not in _DIRECTIONS | _INVISIBLE)
    spaced = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in plain)
    return " ".join(spaced.split())[:LONGEST].strip()
