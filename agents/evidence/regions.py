"""What is in a part of the picture: which of the things that ingest followed, and what code can answer about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agents.evidence.known_questions import clearest, known_questions
from agents.evidence.passage import Finding, Passage
from agents.evidence.things import kinds_meant, known_kinds, track_passage
from agents.parts import AgentRun
from app.core.timecode import clock, span_clock
from app.core.types import SegmentKind, Video
from app.core.types.boxes import area, common_area, iou
from app.core.types.objects import DOUBT, ObjectTrack, Region

MOSTLY = 0.7
"""The share of a thing that lies in a rectangle which means it, or of a rectangle that shows a part of a thing."""
ALIKE = 0.25
"""Where a rectangle holds several things, those with less than this share of the largest one's size are its details."""
ON_IT = 0.8
"""And so are those of which this share lies on the largest one."""
TOUCHED = 0.2
"""Intersection over union from which a rectangle that was drawn beside a thing still means it."""
EDGE_S = 1.0
"""A thing that is there so shortly before the end of the video may well stay longer."""
WHAT, LONG, APPEARS, LEAVES, READS, MANY = "what", "long", "appears", "leaves", "reads", "many"
"""Facts of `known_questions.toml`."""
CLEARER = 0.05
"""By how much a question must be nearer to one that code can answer than to any that it cannot."""
DISTINCT = 0.03
"""And by how much nearer than to one that asks for something else."""


def things_in(tracks: Sequence[ObjectTrack], region: Region) -> list[ObjectTrack]:
    """The things that a person means by a rectangle: what lies in it, without the details of the largest; else the
    smallest thing of which it shows a part; else the one that it touches most."""
    spans = [(track, track.span.clipped(region.span)) for track in tracks]
    boxes = [(track, track.box_at(common.middle_s)) for track, common in spans if common is not None]
    inside = [(track, box) for track, box in boxes if common_area(box, region.box) >= MOSTLY * area(box)]
    if inside:
        main = max((box for _, box in inside), key=area)
        return [
            track
            for track, box in inside
            if box is main or (area(box) >= ALIKE * area(main) and common_area(box, main) < ON_IT * area(box))
        ]
    around = [(area(box), track) for track, box in boxes if common_area(box, region.box) >= MOSTLY * area(region.box)]
    if around:
        return [min(around, key=lambda one: one[0])[1]]
    touched = [(iou(box, region.box), track) for track, box in boxes]
    best = max(touched, key=lambda one: one[0], default=None)
    return [best[1]] if best and best[0] >= TOUCHED else []


def region_passages(video: Video, tracks: Sequence[ObjectTrack], region: Region) -> list[Passage]:
    """A passage for each thing in a part of the picture: what it is, and from when to when it is seen."""
    return [
        track_passage(video, track, min(max(region.span.middle_s, track.span.start_s), track.span.end_s))
        for track in things_in(tracks, region)
    ]


def answer_about_region(
    work: AgentRun, question: str, video: Video, region: Region, read: Sequence[Passage]
) -> Finding | None:
    """What code can answer about a part of the picture, in figures and the names of things; None for anything else.

    `read`: what was read in it.
    """
    tracks = work.parts.tracks.tracks(video.id, region.span) if work.parts.tracks else []
    things = things_in(tracks, region)
    kinds = list(dict.fromkeys(track.name for track in things)) or ["thing"]
    near, other = known_questions("regions").nearness(question, work.parts.text_embedder, kinds)
    fact = clearest(near, other, CLEARER, DISTINCT)
    if work.sees and fact in (WHAT, READS):
        return None  # a model that looks at the part says more than a detector's name
    texts = tuple(passage for passage in read if passage.kind is SegmentKind.SCREEN_TEXT)
    if fact == READS and texts:
        return Finding("\n".join(passage.text for passage in texts), texts)
    if fact == MANY:
        named = kinds_meant(question, work.parts.text_embedder, known_kinds(work, tracks))
        things = [track for track in things if track.name in named]
        return _answer(str(len(things)), video, things, region)
    if fact == WHAT:
        counts = Counter(track.likely_name for track in things)
        names = ", ".join(f"{name} x{count}" if count > 1 else name for name, count in counts.items())
        return _answer(names, video, things, region)
    if len(things) != 1:
        return None
    span = things[0].span
    ends = span.end_s < video.duration_s - EDGE_S
    length = f"{span.duration_s:.0f} s ({span_clock(span)})"
    texts_of = {LONG: length, APPEARS: clock(span.start_s), LEAVES: clock(span.end_s) if ends else ""}
    return _answer(texts_of.get(fact or "", ""), video, things, region)


def _answer(text: str, video: Video, things: Sequence[ObjectTrack], region: Region) -> Finding | None:
    """The answer with what shows it; None without either, or where it is not clear what one of the things is."""
    if not text or not things or any(track.shares and 1 - track.shares[0][1] > 2 * DOUBT for track in things):
        return None
    return Finding(text, tuple(region_passages(video, things, region)))
