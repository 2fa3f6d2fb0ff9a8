"""Arranges the points of chapters, or of videos, into the sections of a summary. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.types import SegmentKind, TimeSpan
from app.services.summarize import cues
from app.services.summarize.choosing import filled, shortened
from app.services.summarize.shapes import Length, Point, Section, Style, SummaryRequest

LINE_SOURCES = 6


@dataclass(frozen=True, slots=True)
class Branch:
    """A chapter of a video, or a video of a collection, with the points of each of its blocks, best first."""

    title: str
    span: TimeSpan | None
    """The span of a chapter."""
    blocks: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A section as quotes, and the sources with which a model may phrase it."""

    title: str
    span: TimeSpan | None
    quotes: tuple[Point, ...]
    sources: tuple[Point, ...]
    sentences: int
    words: int

    def section(self, points: Sequence[Point]) -> Section:
        """The section with these points."""
        return Section(self.title, self.span, tuple(points))


def drafts(
    branches: Sequence[Branch], wanted: SummaryRequest, central: Callable[[Sequence[Point]], list[Point]]
) -> list[Draft]:
    """The sections of a summary in reading order, within the word limit of its length.

    `central` orders points by closeness to the mean of all; only one-line summaries use it.
    """
    words = wanted.length.words
    offers = [block for branch in branches for block in branch.blocks]
    if wanted.length is Length.LINE:
        best = [block[0] for block in offers if block]
        return _line(best, central(best), wanted.style, words) if best else []
    if wanted.style is Style.MINUTES:
        return _minutes(offers, words)
    if wanted.style is Style.HIGHLIGHTS:
        return _one("Highlights", _flat(filled(offers, words)), words)
    if wanted.style is Style.NOTES or wanted.length is Length.PAGE:
        return _by_branch(branches, words)
    return _one("", _flat(filled(offers, words)), words)


def _flat(lists: Sequence[Sequence[Point]]) -> list[Point]:
    return [point for one in lists for point in one]


def _one(title: str, points: Sequence[Point], words: int) -> list[Draft]:
    if not points:
        return []
    return [Draft(title, None, tuple(points), tuple(points), max(2, min(8, len(points))), words)]


def _line(best: Sequence[Point], ranked: Sequence[Point], style: Style, words: int) -> list[Draft]:
    """The most central point; prefers a decision in minutes, a definition in notes, speech, and short points."""
    label = {Style.MINUTES: cues.DECISION, Style.NOTES: cues.DEFINITION}.get(style, "")

    def rank(point: Point) -> tuple[bool, bool, bool]:
        is_said = point.citations[0].kind is SegmentKind.SPEECH
        return point.label != label, not is_said, len(point.text.split()) > words

    order = sorted(ranked, key=rank)
    quote = Point(shortened(order[0].text, words), order[0].citations, order[0].label)
    sources = tuple(point for point in best if point in order[:LINE_SOURCES])
    return [Draft("", None, (quote,), sources, 1, words)]


def _by_branch(branches: Sequence[Branch], words: int) -> list[Draft]:
    places = [place for place, branch in enumerate(branches) for _ in branch.blocks]
    chosen = filled([block for branch in branches for block in branch.blocks], words)
    made = []
    for place, branch in enumerate(branches):
        points = tuple(p for where, block in zip(places, chosen, strict=True) if where == place for p in block)
        if points:
            used = sum(len(p.text.split()) for p in points)
            made.append(Draft(branch.title, branch.span, points, points, len(points), used))
    return made


def _minutes(offers: Sequence[Sequence[Point]], words: int) -> list[Draft]:
    """Decisions and actions first, with up to three quarters of the words; then other discussion."""
    labelled = [[p for p in block if p.label] for block in offers]
    plain = [[p for p in block if not p.label] for block in offers]
    firm = _flat(filled(labelled, words * 3 // 4))
    left = words - sum(len(p.text.split()) for p in firm)
    rest = _flat(filled(plain, left))
    parts = (
        ("Decisions", [p for p in firm if p.label == cues.DECISION]),
        ("Actions", [p for p in firm if p.label == cues.ACTION]),
        ("Discussed", rest),
    )
    return [
        Draft(title, None, tuple(points), tuple(points), len(points), sum(len(p.text.split()) for p in points))
        for title, points in parts
        if points
    ]
