"""Which citations belong to which sentence of a stored summary. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Citation
from app.services.summarize.shapes import Point
from app.text.fuzzy import contains
from app.text.sentences import split_sentences
from app.text.tokens import stems

SAME = 0.95
"""How much of a sentence a quote must contain to be its source, letter by letter."""
MOST = 3
"""Sources that a sentence in other words than the video's may have."""


def sentence_points(text: str, citations: Sequence[Citation]) -> list[Point]:
    """The sentences of a text, each with the citations that quote it; failing that, those nearest in words.

    A sentence that no citation resembles joins the one before it.
    """
    points: list[Point] = []
    for sentence in split_sentences(text):
        own = _sources(sentence, citations)
        if own or not points:
            points.append(Point(sentence, own or tuple(citations[:1])))
        else:
            before = points[-1]
            points[-1] = Point(f"{before.text} {sentence}", before.citations)
    return [point for point in points if point.citations]


def is_quoted(point: Point) -> bool:
    """Whether a point is the video's own words, if only their beginning."""
    plain = point.text.removesuffix("...").strip()
    return any(contains(plain, citation.quote) >= SAME for citation in point.citations)


def _sources(sentence: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    plain = sentence.removesuffix("...").strip()
    quoting = [one for one in citations if contains(plain, one.quote) >= SAME]
    if quoting:
        return tuple(quoting[:1])
    words = frozenset(stems(sentence))
    shared = [(len(words & frozenset(stems(one.quote))), one) for one in citations]
    most = max((count for count, _ in shared), default=0)
    near = [one for count, one in shared if most and count >= most * 2 / 3]
    return tuple(near[:MOST]) if 2 * most >= len(words) else ()
