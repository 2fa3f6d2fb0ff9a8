"""Terms in quotation marks, in the marks of many languages."""

from __future__ import annotations

import re

QUOTED = re.compile(
    r"""[“„«»‘‚‹「『]\s?([^“”„«»]{1,80}?)\s?[”“»«’›」』] | (?<!\w)(["'])(?=\S)(.{1,80}?)(?<=\S)\2(?!\w)""", re.VERBOSE
)


def quoted_terms(text: str) -> list[str]:
    """The terms that a text quotes, in order; straight marks count only where they are no apostrophes."""
    return [paired or straight for paired, _, straight in QUOTED.findall(text)]
