"""From the points of chapters to the sections of a summary. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.types import Chapter, TimeSpan
from app.services.summarize import cues
from app.services.summarize.choosing import filled, shortened
from app.services.summarize.shapes import Length, Point, Section, Style, Wanted

LINE_SOURCES = 6


@dataclass(frozen=True, slots=True)
class Branch:
    """A chapter and the points that it offers, best first."""

    chapter: Chapter
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A section as quotes, and what a model may use to phrase it."""

    title: str
    span: TimeSpan | None
    quotes: tuple[Point, ...]
    sources: tuple[Point, ...]
    sentences: int
    words: int

    def section(self, points: Sequence[Point]) -> Section:
        """The section with these points."""
        return Section(self.title, self.span, tuple(points))


def drafts(branches: Sequence[Branch], wanted: Wanted) -> list[Draft]:
    """The sections of a summary, in reading order; together within the words of its length."""
    words = wanted.length.words
    if wanted.length is Length.LINE:
        return _line(branches, wanted.style, words)
    if wanted.style is Style.MINUTES:
        return _minutes(branches, words)
    if wanted.style is Style.HIGHLIGHTS:
        return _one("Highlights", _flat(filled([b.points for b in branches], words)), words)
    if wanted.style is Style.NOTES or wanted.length is Length.PAGE:
        return _by_chapter(branches, words)
    return _one("", _flat(filled([b.points for b in branches], words)), words)


def _flat(lists: Sequence[Sequence[Point]]) -> list[Point]:
    return [point for one in lists for point in one]


def _one(title: str, points: Sequence[Point], words: int) -> list[Draft]:
    if not points:
        return []
    return [Draft(title, None, tuple(points), tuple(points), max(2, min(8, len(points))), words)]


def _line(branches: Sequence[Branch], style: Style, words: int) -> list[Draft]:
    """The point that a chapter in the middle would choose: the longest chapter's best, labelled ones first."""
    best = [b.points[0] for b in branches if b.points]
    if not best:
        return []
    lengths = {id(b.points[0]): b.chapter.span.duration_s for b in branches if b.points}
    wanted = (cues.DECISION,) if style is Style.MINUTES else (cues.DEFINITION,) if style is Style.NOTES else ()
    order = sorted(best, key=lambda p: (p.label not in wanted, len(p.text.split()) > words, -lengths[id(p)]))
    quote = order[0]
    short = Point(shortened(quote.text, words), quote.citations, quote.label)
    sources = tuple(sorted(order[:LINE_SOURCES], key=lambda p: p.span))
    return [Draft("", None, (short,), sources, 1, words)]


def _by_chapter(branches: Sequence[Branch], words: int) -> list[Draft]:
    made = []
    for branch, points in zip(branches, filled([b.points for b in branches], words), strict=True):
        if points:
            used = sum(len(p.text.split()) for p in points)
            made.append(
                Draft(branch.chapter.title, branch.chapter.span, tuple(points), tuple(points), len(points), used)
            )
    return made


def _minutes(branches: Sequence[Branch], words: int) -> list[Draft]:
    """Decisions and actions first, with up to three quarters of the words; what else was discussed after them."""
    labelled = [[p for p in b.points if p.label] for b in branches]
    plain = [[p for p in b.points if not p.label] for b in branches]
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
