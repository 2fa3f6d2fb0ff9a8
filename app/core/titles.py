"""Titles and names from people, files and programs, tidied into one line without control characters."""

from __future__ import annotations

import unicodedata

LONGEST = 300
"""Characters of a title."""

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reverse the text after them: a file called exe.<reversed>4pm would look like a film."""
_INVISIBLE = frozenset(
    "\u00ad\u115f\u1160\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u2800\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
) | frozenset(map(chr, (*range(0x206A, 0x2070), *range(0xE0000, 0xE0080))))
"""They show nothing; whole sentences can be hidden in the last of them."""
_SHOWN_WITH_OTHERS = frozenset(("Cf", "Mn", "Me"))


def tidy_title(text: str) -> str:
    """The text without line breaks, control characters and direction marks; "" if nothing is left.

    Bytes of a file name that are not UTF-8 become question marks. Characters that join the letters of other scripts,
    and emoji, stay.
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    plain = (character for character in readable if character not in _DIRECTIONS | _INVISIBLE)
    spaced = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in plain)
    title = " ".join(spaced.split())[:LONGEST].strip()
    is_visible = any(unicodedata.category(one) not in _SHOWN_WITH_OTHERS for one in title)
    return title if is_visible else ""
