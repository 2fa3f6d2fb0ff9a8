"""Arranges the points of chapters, or of videos, into the sections of a summary. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.requests import Length, Style, SummaryRequest
from app.core.types import SegmentKind, TimeSpan
from app.services.summarize import cues, minutes
from app.services.summarize.choosing import filled, shortened, spread
from app.services.summarize.shapes import Point, Section

LINE_SOURCES = 6
PARTS = (
    ("Decisions", (minutes.DECISION,)),
    ("Motions and votes", (minutes.MOTION, minutes.VOTE)),
    ("Actions", (minutes.ACTION,)),
    ("Open questions", (minutes.QUESTION,)),
)
"""The sections of minutes, and the kinds of points in each."""
WEIGHT = (minutes.DECISION, minutes.VOTE, minutes.MOTION, minutes.ACTION, minutes.QUESTION)
"""Which kinds come first where not all fit."""


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
    left_out: int = 0

    def section(self, points: Sequence[Point]) -> Section:
        """The section with these points."""
        return Section(self.title, self.span, tuple(points), self.left_out)


def drafts(
    branches: Sequence[Branch], request: SummaryRequest, central: Callable[[Sequence[Point]], list[Point]]
) -> list[Draft]:
    """The sections of a summary in reading order, within the word limit of its length.

    `central` orders points by closeness to the mean of all; only one-line summaries use it.
    """
    words = request.length.words
    offers = [block for branch in branches for block in branch.blocks]
    if request.length is Length.LINE:
        best = [block[0] for block in offers if block]
        return _line(best, central(best), request.style, words) if best else []
    if request.style is Style.MINUTES:
        ends = [branch.span.end_s for branch in branches if branch.span]
        return _minutes(offers, words, hours=max(ends) / 3600 if ends else float(len(branches)))
    if request.style is Style.HIGHLIGHTS:
        return _one("Highlights", _flat(filled(offers, words)), words)
    if request.style is Style.NOTES or request.length is Length.PAGE:
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
    label = {Style.MINUTES: minutes.DECISION, Style.NOTES: cues.DEFINITION}.get(style, "")

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


def _minutes(offers: Sequence[Sequence[Point]], words: int, hours: float) -> list[Draft]:
    """Everything that was decided, moved, voted on, given out or left open; then other talk.

    A page may grow by another page for each hour, or for each of several videos: what was decided is not dropped for
    its length. Other talk has what is left, at least a quarter and at most the length asked for.
    """
    items = sorted((p for block in offers for p in block if p.label), key=lambda p: (p.citations[0].video_id, p.span))
    total = words * max(1, math.ceil(hours)) if words >= Length.PAGE.words else words
    # as many items as fit, the weightiest kinds first, each kind evenly spread over the time
    fitting: set[int] = set()
    used = 0
    for label in WEIGHT:
        own = [place for place, item in enumerate(items) if item.label == label]
        for place in (own[i] for i in spread(len(own))):
            size = len(items[place].text.split())
            if used + size <= total - words // 4:
                fitting.add(place)
                used += size
    chosen = [items[place] for place in sorted(fitting)]
    plain = [[p for p in block if not p.label] for block in offers]
    talk = _flat(filled(plain, min(total - used, words)))
    drafts = []
    for title, labels in PARTS:
        every = [p for p in items if p.label in labels]
        points = [p for p in chosen if p.label in labels]
        if every:
            drafts.append(_part(title, points, left_out=len(every) - len(points)))
    return [*drafts, *([_part("Discussed", talk)] if talk else [])]


def _part(title: str, points: Sequence[Point], left_out: int = 0) -> Draft:
    words = sum(len(p.text.split()) for p in points)
    return Draft(title, None, tuple(points), tuple(points), len(points), words, left_out)
