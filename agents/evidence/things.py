"""How many things of a kind are seen, and when: facts that code computes from tracks, and which kinds a question means.

A question names a thing in any language; tracks have the names that the detector knows. The two meet in the space of
the text embedder, as sentences: "How many bottles are there?" lies near every question that counts bottles.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from agents.evidence.passage import Passage
from agents.parts import AgentRun
from app.core.ports import TextEmbedder
from app.core.timecode import clock
from app.core.types import SegmentKind, TimeSpan, Video
from app.core.types.objects import ObjectTrack, count_changes, place_of

ASK = "How many {}s are there?"
NEAR = 3.5
"""By how many standard deviations a kind must be nearer to the question than the kinds are on average.

On 31 questions in seven languages, half of them about things that are no kind of the detector's, 3.5 and more were only
reached by the kind that was meant, what stands beside it in the question (a table), or once something never seen."""
DOUBT = 0.25
"""A track of another kind that got this share of its votes for a kind may be one of it: numbers are then lower bounds."""
SETTLED_S = 1.0
"""A number that holds for less may be a slip of the detector."""
SAME_SHOT = 0.35
"""Cosine of the vectors of two pictures in a row below which the camera shows something else."""
MOST_TIMES = 12


@dataclass(frozen=True, slots=True)
class ThingCounts:
    """How many of one kind of thing a span of a video shows. Numbers are lower bounds unless `exact`."""

    name: str
    first: tuple[TimeSpan, int]
    last: tuple[TimeSpan, int]
    most: tuple[TimeSpan, int]
    fewest: tuple[TimeSpan, int]
    coming: tuple[ObjectTrack, ...]
    """Those that come into the picture after the span has begun."""
    exact: bool


def kinds_meant(question: str, embedder: TextEmbedder, kinds: Sequence[str]) -> list[str]:
    """The kinds of things that a question in any language may be about, the nearest first."""
    if len(kinds) < 2:
        return list(kinds)
    wanted = embedder.embed_query(question)
    likeness = [float(embedder.embed_query(ASK.format(kind)) @ wanted) for kind in kinds]
    mean = sum(likeness) / len(likeness)
    spread = (sum((one - mean) ** 2 for one in likeness) / len(likeness)) ** 0.5
    near = [(one, kind) for one, kind in zip(likeness, kinds, strict=True) if one - mean >= NEAR * max(spread, 1e-6)]
    return [kind for _, kind in sorted(near, reverse=True)]


def count_things(tracks: Sequence[ObjectTrack], name: str, span: TimeSpan) -> ThingCounts | None:
    """The numbers of one kind of thing in a span; None where none is seen there."""
    there = [track for track in tracks if track.span.intersection_s(span) > 0]
    same = [track for track in there if track.name == name]
    if not same:
        return None
    changes = [one for one in count_changes(same, span) if one[0].duration_s >= SETTLED_S] or count_changes(same, span)
    exact = not any(track.name != name and track.share(name) >= DOUBT for track in there)
    return ThingCounts(
        name,
        changes[0],
        changes[-1],
        max(changes, key=lambda one: one[1]),
        min(changes, key=lambda one: one[1]),
        tuple(track for track in same if track.span.start_s > span.start_s),
        exact,
    )


def count_passages(work: AgentRun, question: str, scope: Sequence[tuple[Video, TimeSpan]]) -> list[Passage]:
    """What is known of the numbers of the things that a question is about, a passage a fact, each with its own span."""
    store, detector = work.parts.tracks, work.parts.detector
    if store is None:
        return []
    passages: list[Passage] = []
    kinds: list[str] | None = None
    for video, span in scope:
        tracks = store.tracks(video.id, span)
        if not tracks:
            continue
        if kinds is None:
            known = (detector.classes if detector else ()) or sorted({track.name for track in tracks})
            kinds = kinds_meant(question, work.parts.text_embedder, known)
        for kind in kinds:
            counts = count_things(tracks, kind, span)
            if counts is not None:
                passages += _facts(video, counts, tracks, one_shot=_is_one_shot(work, video, span))
    return passages


def track_text(track: ObjectTrack) -> str:
    """Kind, place, and for how long, of one thing."""
    first, last = place_of(track.boxes[0]), place_of(track.boxes[-1])
    moves = first if first == last else f"{first}, then {last}"
    return f"{track.name}: {moves}, from {clock(track.span.start_s)} to {clock(track.span.end_s)}"


def _facts(
    video: Video, counts: ThingCounts, tracks: Sequence[ObjectTrack], *, one_shot: bool
) -> list[Passage]:
    name, bound = counts.name, "" if counts.exact else "at least "
    facts = [
        (counts.first[0], f"{name}: {bound}{counts.first[1]} at the beginning"),
        (counts.last[0], f"{name}: {bound}{counts.last[1]} at the end"),
        (counts.most[0], f"{name}: {bound}{counts.most[1]} at the same time, the largest number"),
        (counts.fewest[0], f"{name}: {bound}{counts.fewest[1]} at the same time, the smallest number"),
    ]
    if one_shot and counts.coming:
        times = ", ".join(clock(track.span.start_s) for track in counts.coming[:MOST_TIMES])
        hull = TimeSpan(counts.coming[0].span.start_s, max(track.span.end_s for track in counts.coming))
        number = len(counts.coming)
        facts.append((hull, f"{name}: {bound}{number} times one comes into the picture or is put back, at {times}"))
        if counts.first[1] == 0:
            facts.append((hull, f"{name}: {bound}{number} in total, all different, one after another or together"))
    same = [track for track in tracks if track.name == name]
    return [_passage(video, span, text, same) for span, text in facts]


def _passage(video: Video, span: TimeSpan, text: str, tracks: Sequence[ObjectTrack]) -> Passage:
    boxes = [box for track in tracks for box in track.boxes if span.contains(box.time_s)]
    frame_s = max(boxes, key=lambda box: box.confidence).time_s if boxes else span.middle_s
    return Passage(video.id, SegmentKind.OBJECT, span, text, frame_s)


def _is_one_shot(work: AgentRun, video: Video, span: TimeSpan) -> bool:
    """Whether the camera shows one place all the time: only there is each track another thing."""
    inside = [one for one in work.features(video) if span.contains(one.pts_s)]
    return all(_cosine(a.vector, b.vector) >= SAME_SHOT for a, b in itertools.pairwise(inside))


def _cosine(one: object, other: object) -> float:
    import numpy as np

    a, b = np.asarray(one, np.float32), np.asarray(other, np.float32)
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))
