"""What lies before, after, between or beside events of the video that a question names: a search in two steps.

First the event is found, in whatever source tells of it; then the source that the question asks for is read there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.passages import Narrower, from_utterances, merged
from agents.reading import read
from agents.screen import at_edge
from agents.state import Anchor, Passage, Plan, Work
from agents.wanted import premise_stems, target_stems
from agents.wording import contains_phrase, content_stems, coverage
from app.core.types import SegmentKind, TimeSpan, Utterance, Video

ANCHOR_FIT = 0.5
"""An event is found when a passage fits it at least this well."""
REACH_S = 180.0
CLOSE_REACH_S = 45.0
AROUND_S = 2.0
"""How far around an event "while" reaches."""
MOST = 6

_KINDS = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)


@dataclass(frozen=True, slots=True)
class Event:
    """An event that was found: where, and by which passage."""

    video: Video
    span: TimeSpan
    passage: Passage


class Beside:
    """Finds the events of a plan's anchor and reads beside them."""

    def __init__(
        self, plan: Plan, videos: Sequence[Video], work: Work, narrower: Narrower, fits: Callable[[Passage], bool]
    ) -> None:
        assert plan.anchor is not None
        self._plan, self._anchor = plan, plan.anchor
        self._videos, self._work = videos, work
        self._narrower, self._fits = narrower, fits
        self.events: list[Event] = []
        """The events that were found, in the order of the question."""

    def passages(self) -> list[Passage]:
        """What stands beside the event, nearest or best first; empty when the event is not found."""
        event = self._known() or self._find(self._anchor.text, self._videos)
        if event is None:
            return []
        self.events.append(event)
        until = None
        if self._anchor.side == "between":
            until = self._find(self._anchor.until, [event.video])
            if until is None:
                return []
            self.events.append(until)
        window = _window(self._anchor, event, until)
        found = [p for p in read(event.video, window, self._work) if self._fits(p)]
        if self._anchor.side in ("while", "between"):
            inside = (_within(p, window) for p in found)
            beside = [p for p in inside if p is not None]
        else:
            beside = self._on_side(found, event.span)
        return self._best(beside, event)

    def _known(self) -> Event | None:
        """The event that an earlier answer cited: its last sentence for what comes after, else its first."""
        at = self._anchor.at
        video = next((v for v in self._videos if at and v.id == at.video_id), None)
        if at is None or video is None:
            return None
        said = self._work.parts.library.utterances(at.video_id, at.span) if at.kind is SegmentKind.SPEECH else []
        units = [u for u in said if at.span.contains(u.span.middle_s)]
        if not units:
            return Event(video, at.span, Passage("", at.video_id, at.kind, at.span, at.text, 1.0))
        passage = from_utterances(at.video_id, units)
        return Event(video, units[-1 if self._anchor.side == "after" else 0].span, passage)

    def _find(self, text: str, videos: Sequence[Video]) -> Event | None:
        parts = self._work.parts
        found = parts.retriever.search(text, limit=parts.settings.passages, videos=[v.id for v in videos], kinds=_KINDS)
        passages = Narrower(text, parts.library, parts.text_embedder).passages(found)
        if not passages or passages[0].score < ANCHOR_FIT:
            return None
        equal = [p for p in passages if p.score >= passages[0].score - 1e-6]
        first = min(equal, key=lambda p: p.span.start_s) if self._anchor.side != "while" else passages[0]
        video = next(v for v in videos if v.id == first.video_id)
        return Event(video, _unit_of(first, text), first)

    def _on_side(self, found: Sequence[Passage], at: TimeSpan) -> list[Passage]:
        """What lies wholly on the side of the event that is asked for, nearest first."""
        beside = [p for p in (_outside(p, at, self._anchor.side) for p in found) if p is not None]
        if self._anchor.at is None:
            beside = [p for p in beside if not contains_phrase(self._anchor.text, p.text)]
        return sorted(beside, key=lambda p: p.span.start_s if self._anchor.side == "after" else -p.span.end_s)

    def _best(self, beside: list[Passage], event: Event) -> list[Passage]:
        plan = self._plan
        if plan.reads_edge and not self._anchor.close:
            return [replace(p, score=0.8) for p in at_edge(plan, beside)]
        if self._anchor.close:
            return _nearest(beside, self._anchor.side)
        if plan.reads_all and self._anchor.side in ("while", "between"):
            return beside
        if plan.reads_all:
            return _nearest(beside, self._anchor.side)
        if not premise_stems(plan.queries[0]):
            near = self._of_target(beside, event) if self._anchor.side in ("before", "after") else beside
            return [replace(p, score=0.8 - 0.02 * place) for place, p in enumerate(near[:MOST])]
        return self._narrower.ranked(beside)

    def _of_target(self, beside: list[Passage], event: Event) -> list[Passage]:
        """Those that name what is asked for ("which item"), from further away if none is near; else all."""
        targets = sorted(target_stems(self._plan.question))
        if not targets:
            return beside
        at, end = event.span, event.video.duration_s
        after = self._anchor.side == "after"
        rest = TimeSpan(at.end_s, max(at.end_s, end)) if after else TimeSpan(0, at.start_s)
        far = self._on_side([p for p in read(event.video, rest, self._work, size=1) if self._fits(p)], at)
        naming = [p for p in [*beside, *far] if coverage(targets, p.text) == 1.0]
        naming.sort(key=lambda p: p.span.start_s if after else -p.span.end_s)
        return [*merged(naming[:3]), *beside]


def _window(anchor: Anchor, event: Event, until: Event | None) -> TimeSpan:
    at, end = event.span, event.video.duration_s
    if until is not None:
        first, second = sorted((at, until.span))
        return TimeSpan(min(first.end_s, second.start_s), max(first.end_s, second.start_s))
    if anchor.side == "while":
        return at.padded(AROUND_S, max(end, at.end_s))
    reach = CLOSE_REACH_S if anchor.close else REACH_S
    if anchor.side == "before":
        return TimeSpan(max(0.0, at.start_s - reach), at.start_s)
    start = at.end_s if event.passage.kind is SegmentKind.SPEECH else at.start_s
    return TimeSpan(start, min(start + reach, max(start, end)))


def _unit_of(passage: Passage, text: str) -> TimeSpan:
    stems = content_stems(text) or content_stems(text, scaffolding=True)
    units = passage.units if passage.kind is SegmentKind.SPEECH else ()
    return max(units, key=lambda unit: coverage(stems, unit[1]))[0] if units else passage.span


def _outside(passage: Passage, at: TimeSpan, side: str) -> Passage | None:
    """The part of a passage on one side of an event: sentences that end before it, or begin after it began."""
    if passage.kind is not SegmentKind.SPEECH:
        later = passage.span.start_s > at.start_s + 0.05
        return passage if later == (side == "after") and passage.span != at else None
    start = at.start_s if not _is_said(passage, at) else at.end_s
    kept = [
        unit
        for unit in passage.units
        if (unit[0].start_s >= start - 0.05 if side == "after" else unit[0].end_s <= at.start_s + 0.05)
    ]
    return _of_units(passage, kept)


def _is_said(passage: Passage, at: TimeSpan) -> bool:
    return any(span == at for span, _ in passage.units)


def _within(passage: Passage, window: TimeSpan) -> Passage | None:
    """The sentences of a passage whose middle lies inside a window; text on the screen if it overlaps."""
    if passage.kind is not SegmentKind.SPEECH:
        return passage
    return _of_units(passage, [unit for unit in passage.units if window.contains(unit[0].middle_s)])


def _of_units(passage: Passage, units: Sequence[tuple[TimeSpan, str]]) -> Passage | None:
    if not units:
        return None
    return from_utterances(passage.video_id, [Utterance(span, text) for span, text in units])


def _nearest(passages: Sequence[Passage], side: str) -> list[Passage]:
    """The next two sentences beside the event, and the next text on the screen."""
    near: list[Passage] = []
    for kind in (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT):
        first = next((p for p in passages if p.kind is kind), None)
        if first is not None and kind is SegmentKind.SPEECH:
            units = first.units[:2] if side == "after" else first.units[-2:]
            first = _of_units(first, units)
        near += [first] if first is not None else []
    near.sort(key=lambda p: p.span.start_s)
    return [replace(p, score=0.8) for p in near or passages[:1]]
