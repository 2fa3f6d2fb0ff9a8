"""What is known of a video's file itself, as evidence, and how long it is, as an answer that code gives."""

from __future__ import annotations

from collections.abc import Sequence

from agents.evidence.known_questions import known_questions
from agents.evidence.passage import Finding, Passage
from agents.parts import AgentRun
from app.core.timecode import clock
from app.core.types import SegmentKind, Video

LIKE, CLEARER = 0.6, 0.1
"""How near a question must be to one that asks for the length of the video, and by how much nearer than to any other.
Chosen on 39 questions; of 16 others that ask for it, in ten languages, 10 are answered so, and 1 of 22 about other
lengths."""


def file_passage(video: Video) -> Passage:
    """One line: how long the file is, and what its tags say."""
    tags = video.media.tags
    known = {"created": tags.created_at, "camera": tags.camera, "place": tags.location}
    parts = [f"{clock(video.duration_s)} long", *(f"{name} {value}" for name, value in known.items() if value)]
    return Passage(video.id, SegmentKind.SUMMARY, video.media.whole, f"file: {', '.join(parts)}")


def answer_by_length(work: AgentRun, question: str, videos: Sequence[Video]) -> Finding | None:
    """How long the one video is; None where the question asks for something else."""
    if len(videos) != 1:
        return None
    near, other = known_questions("length").nearness(question, work.parts.text_embedder)
    if near["length"] < max(LIKE, other + CLEARER):
        return None
    return Finding(clock(videos[0].duration_s), (file_passage(videos[0]),))
