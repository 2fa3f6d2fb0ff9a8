"""Answers that code writes from passages: quotations, moments, counts, summaries. They say no more than the store."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.counters import nearest
from agents.listing import listed, told_numbers
from agents.numerals import numbers
from agents.screen import one_line
from agents.state import Claim, Draft, Passage, Plan
from agents.verification import best_units
from agents.vocabulary import UNITS
from agents.wanted import premises, wanted
from agents.wording import clock, content_stems, coverage, joined, stem
from app.core.ports import VideoLibrary
from app.core.types import Segment, SegmentKind, Video

MOMENT_FIT = 0.5
MAX_QUOTES = 3
MAX_CHAPTERS = 8

_WHY = re.compile(r"why\b|how come\b", re.IGNORECASE)
"""A title gives no reasons."""
_HOW_MANY = re.compile(r"\bhow many (?:different |other )?(?P<noun>[a-z]{3,})\b", re.IGNORECASE)
_WHICH_ONES = re.compile(
    r"\b(?:which|(?:name|list|(?:what|which|who) (?:are|were)) (?:the names of )?(?:the|its|his|her|their|our)) "
    rf"(?P<number>{'|'.join(UNITS)}|\d+) (?:different )?(?P<noun>[a-z]{{3,}})\b",
    re.IGNORECASE,
)


def usable(plan: Plan, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Passages that can answer the question: of the kind that it asks for, and never what a classifier told."""
    told = (p for p in passages if not p.tagged)
    return tuple(p for p in told if not (plan.strict and plan.sources) or p.kind in plan.sources)


def cited(passage: Passage, at_s: float | None = None) -> str:
    """A passage as a sentence with its time: At 0:21: "..."."""
    verb = {SegmentKind.SCREEN_TEXT: "the screen shows ", SegmentKind.SPEECH: ""}.get(passage.kind, "")
    return f'At {clock(passage.span.start_s if at_s is None else at_s)}: {verb}"{one_line(passage.text)}"'


def quoted(plan: Plan, passages: Sequence[Passage], least: float) -> Draft:
    """The best passage in its own words, when it fits at least so well."""
    if plan.strict and (plan.scope or plan.pick):
        least = 0.0
    fitting = [p for p in passages if p.score >= least and p.kind not in (SegmentKind.CAPTION, SegmentKind.SUMMARY)]
    shape = wanted(plan.question)
    fitting = [p for p in fitting if shape.fits(p.text)] if shape and shape.strict else fitting
    if _WHY.match(plan.question):
        fitting = [p for p in fitting if p.kind is not SegmentKind.SCREEN_TEXT]
    if plan.pick and fitting:
        fitting.sort(key=lambda p: p.span.start_s, reverse=plan.pick == "last")
    if not fitting:
        return Draft(by="quotation")
    best = best_units(plan.question, fitting[0])
    return Draft((Claim(cited(best), (best,), verbatim=True),), by="quotation")


def moment(plan: Plan, passages: Sequence[Passage]) -> Draft:
    """When something is said or shown: the best passage, or the first or last of those that hold all its words."""
    if plan.value:
        return _value(plan, passages)
    stems = content_stems(plan.question)
    narrowed = [best_units(" ".join(stems), p) for p in passages]
    full = [p for p in narrowed if stems and coverage(stems, p.text) == 1.0]
    chosen = full or [p for p in narrowed if p.score >= MOMENT_FIT]
    if not chosen:
        return Draft(by="rules")
    if plan.pick == "last":
        chosen = sorted(chosen, key=lambda p: -p.span.start_s)
    elif full:
        chosen = sorted(chosen, key=lambda p: p.span.start_s)
    claims = [Claim(cited(p), (p,), verbatim=True) for p in chosen[: MAX_QUOTES if full and not plan.pick else 1]]
    return Draft(tuple(claims), by="rules")


def _value(plan: Plan, passages: Sequence[Passage]) -> Draft:
    """When a counter or clock shows a value: the text whose reading is nearest to it."""
    found = nearest(plan.value, [(p.text, p) for p in passages if p.kind is SegmentKind.SCREEN_TEXT])
    if found is None:
        return Draft(by="rules")
    return Draft((Claim(cited(found, found.frame_s), (found,), verbatim=True),), by="rules")


def numbered_items(plan: Plan, passages: Sequence[Passage]) -> Draft | None:
    """How many of something there are, by the list in a sentence that names them; None when no sentence lists any."""
    match = _HOW_MANY.search(plan.question)
    found = _list_of(stem(match["noun"].lower()), passages[:MAX_QUOTES]) if match else None
    return _listing(f"{len(found[0])}: {joined(found[0])}.", *found) if found else None


def named_items(plan: Plan, passages: Sequence[Passage]) -> Draft | None:
    """Which three (four, ...) of something there are; None when no text lists three of them and says so.

    That text must speak of all that the question does.
    """
    match = _WHICH_ONES.search(plan.question)
    if not match:
        return None
    noun, (number,) = stem(match["noun"].lower()), numbers(match["number"])
    whole = [p for p in passages[:MAX_QUOTES] if coverage(premises(plan), p.text) == 1.0]
    found = _list_of(noun, [p for p in whole if number in told_numbers(p.text, noun)])
    return _listing(f"{joined(found[0])}.", *found) if found and len(found[0]) == number else None


def _list_of(noun: str, passages: Sequence[Passage]) -> tuple[list[str], Passage] | None:
    lists = ((listed(passage.text, noun), passage) for passage in passages)
    return next(((items, passage) for items, passage in lists if items), None)


def _listing(text: str, items: Sequence[str], passage: Passage) -> Draft:
    return Draft((Claim(text, (passage,), verbatim=True, counted=len(items)),), by="rules")


def counted(plan: Plan, passages: Sequence[Passage]) -> Draft:
    """How often: one hit a passage, with the times of all."""
    del plan
    if not passages:
        return Draft(by="rules")
    hits = sorted(passages, key=lambda p: (p.video_id, p.span.start_s))
    times = joined(clock(p.span.start_s) for p in hits)
    often = "once" if len(hits) == 1 else f"{len(hits)} times"
    return Draft((Claim(f"{often.capitalize()}: at {times}.", tuple(hits), verbatim=True),), by="rules")


def read_aloud(plan: Plan, passages: Sequence[Passage]) -> Draft:
    """What is said or shown in the stretch that the question names."""
    order = sorted(passages, key=lambda p: (p.video_id, p.span.start_s))
    worth = [p for p in order if p.kind is not SegmentKind.CAPTION] or order
    at = plan.scope.at if plan.scope else None
    if at is not None:
        worth = sorted(worth, key=lambda p: _distance(p, at))[:MAX_QUOTES]
        worth.sort(key=lambda p: p.span.start_s)
    if plan.pick == "last":
        worth = worth[-1:]
    elif plan.pick == "first":
        worth = worth[:1]
    claims = [Claim(cited(p), (p,), verbatim=True) for p in worth[:MAX_QUOTES]]
    return Draft(tuple(claims), by="quotation")


def _distance(passage: Passage, at: float) -> float:
    if passage.span.contains(at):
        return 0.0
    return min(abs(passage.span.start_s - at), abs(passage.span.end_s - at))


def overview(passages: Sequence[Passage], videos: Sequence[Video], library: VideoLibrary) -> Draft:
    """The stored summary with the chapters' titles; without them a few sentences spread over the video."""
    claims: list[Claim] = []
    for video in videos[:3]:
        own = [p for p in passages if p.video_id == video.id]
        whole = [p for p in own if p.kind is SegmentKind.SUMMARY and p.span.duration_s >= 0.8 * video.duration_s]
        claims += [Claim(one_line(p.text), (p,), verbatim=True) for p in whole[:1]]
        chapters = library.chapters(video.id)[:MAX_CHAPTERS]
        for chapter in chapters if len(chapters) > 1 or not whole else ():
            text = f"{clock(chapter.span.start_s)} {chapter.title}"
            summary = Segment("", video.id, SegmentKind.SUMMARY, chapter.span, chapter.summary or chapter.title, "")
            passage = Passage("", video.id, SegmentKind.SUMMARY, chapter.span, summary.text, 0.7)
            claims.append(Claim(text, (passage,), verbatim=True))
        if not whole and not chapters and own:
            spread = own[:: max(1, len(own) // MAX_QUOTES)][:MAX_QUOTES]
            claims += [Claim(cited(p), (p,), verbatim=True) for p in spread]
    return Draft(tuple(claims), by="digest")
