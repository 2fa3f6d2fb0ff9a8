"""How many things of a kind are seen, and when: facts that code computes from tracks, and which kinds a question means.

A question names a thing in any language; tracks have the names that the detector knows. The two meet in the space of
the text embedder, as sentences: "How many bottles are there?" lies near every question that counts bottles.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from agents.evidence.known_questions import example_vector, known_questions
from agents.evidence.passage import Finding, Passage
from agents.parts import AgentRun
from app.core.ports import TextEmbedder
from app.core.timecode import clock, span_clock
from app.core.types import SegmentKind, TimeSpan, Video
from app.core.types.objects import ObjectTrack, ThingCounts, count_things, place_of
from app.text.languages import guess_language
from app.text.phrases import phrase

ASK = "How many {}s are there?"
NEAR = 3.3
"""By how many standard deviations a kind must be nearer to the question than the kinds are on average.

Of 31 questions in seven languages, half of them about things that are no kind of the detector's, those that counted a
kind reached 3.4 or more, for it and sometimes for a neighbouring kind (a table); so did two of the others. What
they ask for is then settled by `fact_meant`."""
SAME_SHOT = 0.35
"""Cosine of the vectors of two pictures in a row below which the camera shows something else."""
MOST_TIMES = 12
MOST_SPANS = 8
"""Spans in which a thing is seen that are named in one line."""
TOTAL, SEEN, WHEN, THERE = "total", "seen", "when", "there"
"""Facts of `known_questions.toml`."""
CLEARER = 0.08
"""By how much a question must be nearer to one that code can answer than to any that it cannot."""
DISTINCT = 0.03
"""And by how much nearer than to one that asks for another number. Both were chosen on 36 written questions in five
languages, 17 of which no number of a thing answers; of 30 others, 23 were understood rightly and one wrongly."""


def kinds_meant(question: str, embedder: TextEmbedder, kinds: Sequence[str]) -> list[str]:
    """The kinds of things that a question in any language may be about, the nearest first."""
    if len(kinds) < 2:
        return list(kinds)
    vector = embedder.embed_query(question)
    likeness = [float(example_vector(embedder.embed_query, ASK.format(kind)) @ vector) for kind in kinds]
    mean = sum(likeness) / len(likeness)
    spread = (sum((one - mean) ** 2 for one in likeness) / len(likeness)) ** 0.5
    near = [(one, kind) for one, kind in zip(likeness, kinds, strict=True) if one - mean >= NEAR * max(spread, 1e-6)]
    return [kind for _, kind in sorted(near, reverse=True)]


def answer_by_tracks(work: AgentRun, question: str, scope: Sequence[tuple[Video, TimeSpan]]) -> Finding | None:
    """The one number, the times, or the yes that a question in any language asks for, in figures that every language
    reads; None where it asks for something else, or where the tracks cannot decide it for sure."""
    if work.parts.tracks is None or len(scope) != 1:
        return None
    ((video, span),) = scope
    tracks = work.parts.tracks.tracks(video.id, span)
    kinds = kinds_meant(question, work.parts.text_embedder, known_kinds(work, tracks))
    for kind in kinds:
        counts = count_things(tracks, kind, span)
        number = fact_meant(question, kind, work.parts.text_embedder) if counts else None
        if counts is None or number is None or not (counts.exact or number == THERE):
            continue
        facts = {fact.asked: fact for fact in _facts(counts, one_shot=_is_one_shot(work, video, span))}
        if number == SEEN:
            number = TOTAL if TOTAL in facts else "first" if not counts.coming else ""
        same = [track for track in tracks if track.name == kind]
        if number == THERE and WHEN in facts:
            yes = phrase("yes", guess_language(question))
            return Finding(f"{yes} ({facts[WHEN].number})", (_passage(video, facts[WHEN], same),))
        if number in facts:
            return Finding(facts[number].number, (_passage(video, facts[number], same),))
    return None


def fact_meant(question: str, kind: str, embedder: TextEmbedder) -> str | None:
    """Which fact about a kind of thing a question asks for; None where that is not clear."""
    near, other = known_questions("things").nearness(question, embedder, [kind])
    number = max(near, key=lambda one: near[one])
    # All that are seen are the total, and the times at which a thing is seen say that it is there.
    alike = ({TOTAL, SEEN}, {THERE, WHEN})
    others = [
        likeness for one, likeness in near.items() if one != number and not any({one, number} <= some for some in alike)
    ]
    if near[number] - max(others) < DISTINCT or near[number] - other < CLEARER:
        return None
    safer = {TOTAL: SEEN, THERE: WHEN}.get(number, number)
    return safer if near[number] - near[safer] < DISTINCT else number


def count_passages(work: AgentRun, question: str, scope: Sequence[tuple[Video, TimeSpan]]) -> list[Passage]:
    """What is known of the numbers of the things that a question is about, a passage a fact, each with its own span."""
    store = work.parts.tracks
    if store is None:
        return []
    tracks = {video.id: store.tracks(video.id, span) for video, span in scope}
    kinds = kinds_meant(
        question, work.parts.text_embedder, known_kinds(work, [t for some in tracks.values() for t in some])
    )
    return [
        passage
        for video, span in scope
        for kind in kinds
        for passage in count_facts(work, video, span, kind, tracks[video.id])
    ]


def known_kinds(work: AgentRun, tracks: Sequence[ObjectTrack]) -> Sequence[str]:
    """The kinds of things that the tracks can be of; none where there are no tracks."""
    classes = work.parts.detector.classes if work.parts.detector else ()
    return (classes or sorted({track.name for track in tracks})) if tracks else ()


def count_facts(
    work: AgentRun, video: Video, span: TimeSpan, kind: str, tracks: Sequence[ObjectTrack]
) -> list[Passage]:
    """The numbers of one kind of thing in a span, a passage a fact; none where none is seen there."""
    counts = count_things(tracks, kind, span)
    if counts is None:
        return []
    same = [track for track in tracks if track.name == kind]
    facts = _facts(counts, one_shot=_is_one_shot(work, video, span))
    return [_passage(video, fact, same) for fact in facts]


def track_passage(video: Video, track: ObjectTrack, at_s: float | None = None) -> Passage:
    """One thing as evidence: kind, place, and for how long it is seen; shown at a time, or where it is seen best."""
    at_s = track.best.time_s if at_s is None else at_s
    first, last = place_of(track.boxes[0]), place_of(track.boxes[-1])
    moves = first if first == last else f"{first}, then {last}"
    text = f"{track.likely_name}: {moves}, from {clock(track.span.start_s)} to {clock(track.span.end_s)}"
    return Passage(video.id, SegmentKind.OBJECT, track.span, text, at_s, track.box_at(at_s))


@dataclass(frozen=True, slots=True)
class _Fact:
    """One number of a kind of thing."""

    asked: str
    """What it is called in `known_questions.toml`."""
    span: TimeSpan
    """What shows it."""
    number: str
    """In figures; of things that come one by one, with the times; only the times where they are asked for."""
    text: str
    """As a line of evidence."""


def _facts(counts: ThingCounts, *, one_shot: bool) -> list[_Fact]:
    bound = "" if counts.exact else "at least "
    more = f" and {len(counts.seen) - MOST_SPANS} more times" if len(counts.seen) > MOST_SPANS else ""
    seen = ", ".join(map(span_clock, counts.seen[:MOST_SPANS])) + more

    def fact(name: str, span: TimeSpan, number: int, what: str, times: str = "") -> _Fact:
        return _Fact(name, span, f"{number}{times and f' ({times})'}", f"{counts.name}: {bound}{number} {what}")

    facts = [
        fact("first", *counts.first, "at the beginning"),
        fact("last", *counts.last, "at the end"),
        fact("most", *counts.most, "at the same time, the largest number"),
        fact("fewest", *counts.fewest, "at the same time, the smallest number"),
    ]
    if one_shot or counts.clear:
        facts.append(_Fact(WHEN, counts.seen[0], seen, f"{counts.name}: seen {seen}"))
    if one_shot and counts.coming:
        times = ", ".join(clock(track.span.start_s) for track in counts.coming[:MOST_TIMES])
        hull = TimeSpan(counts.coming[0].span.start_s, max(track.span.end_s for track in counts.coming))
        came = f"times one comes into the picture or is put back, at {times}"
        facts.append(fact("coming", hull, len(counts.coming), came, times))
        if counts.first[1] == 0:
            facts.append(fact(TOTAL, hull, len(counts.coming), "in total, one after another or together", times))
    return facts


def _passage(video: Video, fact: _Fact, tracks: Sequence[ObjectTrack]) -> Passage:
    boxes = [box for track in tracks for box in track.boxes if fact.span.contains(box.time_s)]
    frame_s = max(boxes, key=lambda box: box.confidence).time_s if boxes else fact.span.middle_s
    return Passage(video.id, SegmentKind.OBJECT, fact.span, fact.text, frame_s)


def _is_one_shot(work: AgentRun, video: Video, span: TimeSpan) -> bool:
    """Whether the camera shows one place all the time: only there is each track another thing."""
    import numpy as np

    vectors = [np.asarray(one.vector, np.float32) for one in work.features(video) if span.contains(one.pts_s)]
    return all(
        float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)) >= SAME_SHOT
        for a, b in itertools.pairwise(vectors)
    )
