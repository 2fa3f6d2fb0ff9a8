"""Patterns for the sentences that each style looks for. English only: in other languages, all points are plain."""

from __future__ import annotations

import re

from app.core.requests import Style
from app.services.summarize import minutes

DEFINITION, EXAMPLE = "definition", "example"

_DEFINITION = re.compile(
    r"\b(?:is|are) (?:called|known as|defined as|a kind of|a type of|the name)\b|\bmeans (?:that|to|a|the)\b"
    r"|\brefers? to\b|\bstands for\b|\b(?:we|they) call (?:it|this|that|them)\b|\bby definition\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\b(?:for example|for instance|such as|imagine|suppose)\b", re.IGNORECASE)
_FIGURE = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundred|thousand"
    r"|million|billion|half|percent|first|last)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d")
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w'-]+")
_STRIKING = re.compile(
    r"\b(?:most|best|worst|largest|biggest|smallest|fastest|only|never|always|finally|suddenly|surpris\w+|amazing"
    r"|incredibl\w+|important\w*|discover\w*|record|broke|won|lost|first time|turned out|secret|remember|key)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^\W*(?:hi|hello|hey|welcome|good (?:morning|afternoon|evening)|thank(?:s| you)|okay|ok|so|um|uh|right|alright|bye"
    r"|please (?:like|subscribe)|let me know|see you|part \w+)\b|\b(?:subscribe|like button)\b"
    r"|\b(?:next|previous|following) (?:part|section|chapter|slide|video|minutes?)\b|\bI will (?:tell|show) you\b",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"^\W*(?:it|this|that|these|those|he|she|they|him|her|and|but|because|which|here|there|then|(?:only|since) then)\b",
    re.IGNORECASE,
)


def label(text: str, style: Style) -> str:
    """The kind of point that a sentence is in this style; empty for a plain one."""
    if style is Style.MINUTES:
        return minutes.kind_of(text)[0]
    kinds = ((DEFINITION, _DEFINITION), (EXAMPLE, _EXAMPLE)) if style is Style.NOTES else ()
    return next((name for name, pattern in kinds if pattern.search(text)), "")


def weight(text: str, style: Style) -> float:
    """The bonus for a sentence's wording, added to its closeness to the subject (a cosine): about -0.4 to 0.5."""
    added = 0.05 * bool(_FIGURE.search(text)) + 0.05 * min(3, len(set(_NAME.findall(text))))
    added -= 0.25 * bool(_FILLER.search(text)) + 0.15 * bool(_LEANING.search(text))
    if text.rstrip().endswith("?"):
        added -= 0.2
    if style is Style.HIGHLIGHTS:
        added += 0.25 * bool(_STRIKING.search(text)) + 0.05 * bool(_FIGURE.search(text))
    if style is Style.NOTES:
        added += 0.1 * bool(_DIGITS.search(text))
    return added + {DEFINITION: 0.3, EXAMPLE: 0.05}.get(label(text, style), 0.0)
