"""Text for XML files: Word documents and Final Cut Pro projects."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def legal(text: str) -> str:
    """The text on one line, without the characters that XML 1.0 forbids."""
    return " ".join(_CONTROL.sub("", text).split())
