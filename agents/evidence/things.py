"""How many things of a kind are seen, and when: facts that code computes from tracks, and which kinds a question means.

A question names a thing in any language; tracks have the names that the detector knows. The two meet in the space of
the text embedder, as sentences: "How many bottles are there?" lies near every question that counts bottles.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

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
    likeness = {kind: float(example_vector(embedder.embed_query, ASK.format(kind)) @ vector) for kind in kinds}
    mean, spread = statistics.fmean(likeness.values()), statistics.pstdev(likeness.values())
    near = [(one, kind) for kind, one in likeness.items() if one - mean >= NEAR * max(spread, 1e-6)]
    return [kind for _, kind in sorted(near, reverse=True)]


def answer_by_tracks(work: AgentRun, question: str, scope: Sequence[tuple[Video, TimeSpan]]) -> Finding | None:
    """The one number, the times, or the yes that a question in any language asks for, in figures that every language
    reads; None where it asks for something else, or where the tracks cannot decide it for sure."""
    if work.parts.tracks is None or len(scope) != 1:
        return None
    ((video, span),) = scope
    tracks, embedder = work.parts.tracks.tracks(video.id, span), work.parts.text_embedder
    for kind in kinds_meant(question, embedder, known_kinds(work, tracks)):
        counts = count_things(tracks, kind, span)
        asked = fact_meant(question, kind, embedder) if counts else None
        if counts is None or asked is None or not (counts.exact or asked == THERE):
            continue
        facts = _facts(work, video, span, counts, tracks)
        if asked == SEEN:
            asked = TOTAL if TOTAL in facts else "first" if not counts.coming else ""
        if asked == THERE and WHEN in facts:
            yes = phrase("yes", guess_language(question))
            return replace(facts[WHEN], text=f"{yes} ({facts[WHEN].text})")
        if asked in facts:
            return facts[asked]
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
    tracks = [(video, span, store.tracks(video.id, span)) for video, span in scope] if store else []
    known = known_kinds(work, [track for _, _, some in tracks for track in some])
    kinds = kinds_meant(question, work.parts.text_embedder, known)
    return [one for video, span, some in tracks for kind in kinds for one in count_facts(work, video, span, kind, some)]


def known_kinds(work: AgentRun, tracks: Sequence[ObjectTrack]) -> Sequence[str]:
    """The kinds of things that the tracks can be of; none where there are no tracks."""
    classes = work.parts.detector.classes if work.parts.detector else ()
    return (classes or sorted({track.name for track in tracks})) if tracks else ()


def count_facts(
    work: AgentRun, video: Video, span: TimeSpan, kind: str, tracks: Sequence[ObjectTrack]
) -> list[Passage]:
    """The numbers of one kind of thing in a span, a passage a fact; none where none is seen there."""
    counts = count_things(tracks, kind, span)
    facts = _facts(work, video, span, counts, tracks) if counts else {}
    return [fact.passages[0] for fact in facts.values()]


def track_passage(video: Video, track: ObjectTrack, at_s: float | None = None) -> Passage:
    """One thing as evidence: kind, place, and for how long it is seen; shown at a time, or where it is seen best."""
    at_s = track.best.time_s if at_s is None else at_s
    first, last = place_of(track.boxes[0]), place_of(track.boxes[-1])
    moves = first if first == last else f"{first}, then {last}"
    text = f"{track.likely_name}: {moves}, from {clock(track.span.start_s)} to {clock(track.span.end_s)}"
    return Passage(video.id, SegmentKind.OBJECT, track.span, text, at_s, track.box_at(at_s))


def _facts(
    work: AgentRun, video: Video, span: TimeSpan, counts: ThingCounts, tracks: Sequence[ObjectTrack]
) -> dict[str, Finding]:
    """The facts about one kind of thing, by their names in `known_questions.toml`: each as an answer in figures, with
    the times of things that come one by one, and with the passage that states it."""
    shots = [np.asarray(one.vector, np.float32) for one in work.features(video) if span.contains(one.pts_s)]
    shots = [vector / max(float(np.linalg.norm(vector)), 1e-9) for vector in shots]
    # Only where the camera shows one place all the time is each track another thing.
    one_shot = all(float(a @ b) >= SAME_SHOT for a, b in itertools.pairwise(shots))
    boxes = [box for track in tracks if track.name == counts.name for box in track.boxes]
    bound = "" if counts.exact else "at least "
    facts: dict[str, Finding] = {}

    def add(name: str, shown: TimeSpan, answer: str, text: str) -> None:
        inside = [box for box in boxes if shown.contains(box.time_s)]
        frame_s = max(inside, key=lambda box: box.confidence).time_s if inside else shown.middle_s
        passage = Passage(video.id, SegmentKind.OBJECT, shown, f"{counts.name}: {text}", frame_s)
        facts[name] = Finding(answer, (passage,))

    for name, (shown, number), what in (
        ("first", counts.first, "at the beginning"),
        ("last", counts.last, "at the end"),
        ("most", counts.most, "at the same time, the largest number"),
        ("fewest", counts.fewest, "at the same time, the smallest number"),
    ):
        add(name, shown, str(number), f"{bound}{number} {what}")
    if one_shot or counts.clear:
        more = f" and {len(counts.seen) - MOST_SPANS} more times" if len(counts.seen) > MOST_SPANS else ""
        seen = ", ".join(map(span_clock, counts.seen[:MOST_SPANS])) + more
        add(WHEN, counts.seen[0], seen, f"seen {seen}")
    if one_shot and counts.coming:
        number = len(counts.coming)
        times = ", ".join(clock(track.span.start_s) for track in counts.coming[:MOST_TIMES])
        hull = TimeSpan(counts.coming[0].span.start_s, max(track.span.end_s for track in counts.coming))
        came = f"{bound}{number} times one comes into the picture or is put back, at {times}"
        add("coming", hull, f"{number} ({times})", came)
        if counts.first[1] == 0:
            add(TOTAL, hull, f"{number} ({times})", f"{bound}{number} in total, one after another or together")
    return facts
