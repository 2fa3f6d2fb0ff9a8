"""Text on the screen without its repetitions: what is new in each reading, with the time for which it stays.

A screen that scrolls, a list that grows, or a sentence that is being typed is read again with every change. Shown as it
was read, a two-minute screencast holds 45,000 characters, nearly all of them repeated. Here every line appears once,
in the passage of the reading that showed it first, with the span from its first to its last appearance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from agents.evidence.passage import Passage
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId

SAME = 88.0
"""Likeness, of 100, from which two readings of a line are one: recognisers misread a letter in ten."""
GONE_S = 5.0
"""A line that is away for longer than this and comes back is new."""
LEAST_LETTERS = 2
LONGEST = 320
"""Characters of a passage: a page of credits or a full slide becomes several."""
LEAST_PREFIX = 3
"""A line of at least so many characters that a later one begins with was being written."""


@dataclass
class _Line:
    text: str
    block: _Block
    last_s: float


@dataclass
class _Block:
    video_id: VideoId
    start_s: float
    frame_s: float | None
    lines: list[_Line] = field(default_factory=list)

    def passages(self) -> list[Passage]:
        """The lines in order, as few passages as keep each below `LONGEST` characters."""
        groups: list[list[_Line]] = [[]]
        for line in self.lines:
            if groups[-1] and sum(len(other.text) + 3 for other in groups[-1]) + len(line.text) > LONGEST:
                groups.append([])
            groups[-1].append(line)
        return [self._passage(group) for group in groups]

    def _passage(self, lines: Sequence[_Line]) -> Passage:
        span = TimeSpan(self.start_s, max(line.last_s for line in lines))
        text = " / ".join(line.text for line in lines)
        return Passage(self.video_id, SegmentKind.SCREEN_TEXT, span, text, self.frame_s)


def distinct_lines(segments: Iterable[Segment]) -> list[Passage]:
    """The passages of one video's screen text, in order of time. `segments`: its readings, in any order."""
    open_lines: list[_Line] = []
    blocks: list[_Block] = []
    for segment in sorted(segments, key=lambda one: (one.span.start_s, one.span.end_s)):
        open_lines = [line for line in open_lines if segment.span.start_s - line.last_s <= GONE_S]
        block = _Block(segment.video_id, segment.span.start_s, segment.frame_s)
        for text in filter(_is_text, map(str.strip, segment.text.split("\n"))):
            known = _find(text, open_lines)
            if known is None:
                known = _Line(text, block, segment.span.end_s)
                block.lines.append(known)
                open_lines.append(known)
            elif len(text) > len(known.text):
                known.text = text
            known.last_s = max(known.last_s, segment.span.end_s)
        if block.lines:
            blocks.append(block)
    passages = [passage for block in blocks for passage in block.passages()]
    return sorted(passages, key=lambda passage: passage.span)


def _is_text(line: str) -> bool:
    """Whether a line is more than the single letter that a recogniser sees in a lamp or a window."""
    return any(map(str.isdigit, line)) or sum(map(str.isalpha, line)) >= LEAST_LETTERS


def _find(text: str, lines: Sequence[_Line]) -> _Line | None:
    """The line that this is another reading of, or a longer form of."""
    for line in reversed(lines):
        if fuzz.ratio(text, line.text) >= SAME:
            return line
        shorter, longer = sorted((text, line.text), key=len)
        if len(shorter) >= LEAST_PREFIX and fuzz.ratio(shorter, longer[: len(shorter)]) >= SAME and text != shorter:
            return line
    return None
