"""Regular expressions of many alternatives, written as lines that a person can read."""

from __future__ import annotations

import re


def alternatives(listed: str) -> str:
    """The lines of a text as alternatives of one pattern; a line may hold several, with bars between them."""
    return "|".join(line.strip() for line in listed.split("\n") if line.strip())


def any_of(listed: str) -> re.Pattern[str]:
    """Matches any of the alternatives as whole words, whatever their case."""
    return re.compile(rf"\b(?:{alternatives(listed)})\b", re.IGNORECASE)
