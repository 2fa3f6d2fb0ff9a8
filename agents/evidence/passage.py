"""Passages and findings, and how new ones join those that an answer has already gathered.

Ids (E1, E2, ... and F1, F2, ...) are given here and nowhere else: in the order in which evidence arrives, the same id
for the same moment, however often it is found again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from app.core.events import Hit
from app.core.types import Citation, SegmentKind, TimeSpan, Video, VideoId
from app.core.types.boxes import Box

Key = tuple[VideoId, SegmentKind, float, float, str, Box | None]
_ID = re.compile(r"(?<![A-Z])([EF])(\d{1,4})(?!\d)(?:\s*(?:-|\u2013|TO)\s*[EF]?(\d{1,4})(?!\d|:\d))?")

LABELS = {
    SegmentKind.SPEECH: "said",
    SegmentKind.SCREEN_TEXT: "on screen",
    SegmentKind.VISUAL: "seen",
    SegmentKind.CAPTION: "caption",
    SegmentKind.EVENT: "event",
    SegmentKind.OBJECT: "counted",
    SegmentKind.SOUND: "heard",
    SegmentKind.SUMMARY: "summary",
}


@dataclass(frozen=True, slots=True)
class Passage:
    """A narrow piece of evidence: a sentence, a text on the screen, something seen, or a single picture."""

    video_id: VideoId
    kind: SegmentKind
    span: TimeSpan
    text: str
    """Empty for a picture without a description."""
    frame_s: float | None = None
    """The frame that shows it best, seconds."""
    box: Box | None = None
    """The part of that frame which shows it; None for all of it."""
    speaker: str = ""
    confidence: float = 1.0
    """How sure the reader or the transcriber was, 0 to 1."""
    proves: bool = True
    """False for what only hints where to look: summaries, chapter titles, guessed tags."""
    score: float = 0.0
    """How well it fits the question, 0 to 1; only good to rank by."""
    id: str = ""

    @property
    def key(self) -> Key:
        """What makes it the same passage when it is found again."""
        return self.video_id, self.kind, round(self.span.start_s, 2), round(self.span.end_s, 2), self.text, self.box

    @property
    def is_picture(self) -> bool:
        """Whether the pixels are the evidence, rather than words."""
        return self.kind is SegmentKind.VISUAL

    @property
    def line(self) -> str:
        """Kind and words, as a prompt shows them behind the id and the time."""
        if not self.text:
            return "picture"
        label = LABELS[self.kind] if self.proves else f"{LABELS[self.kind]} (only a hint)"
        words = f"{self.speaker}: {self.text}" if self.speaker else self.text
        return f"{label}: {words}"

    @property
    def hit(self) -> Hit:
        """The passage as a trace shows it."""
        text = self.text or "picture"
        return Hit(self.id, str(self.video_id), self.span, str(self.kind), text[:300], round(self.score, 3))

    def cited(self, *, verified: bool) -> Citation:
        """The passage as a citation of an answer."""
        return Citation(self.video_id, self.span, self.kind, self.text, self.frame_s, verified, box=self.box)


@dataclass(frozen=True, slots=True)
class Finding:
    """What code computed from passages: a count, an order, a time between two events."""

    text: str
    passages: tuple[Passage, ...]
    id: str = ""

    @property
    def key(self) -> tuple[str, tuple[Key, ...]]:
        """What makes it the same finding when it is computed again."""
        return self.text, tuple(passage.key for passage in self.passages)


def titled_line(passage: Passage, videos: Collection[Video]) -> str:
    """The line of a passage; where there are several videos, behind the title of its own."""
    title = next((f"{one.title}, " for one in videos if one.id == passage.video_id and len(videos) > 1), "")
    return title + passage.line


def expanded(written: str) -> Iterator[str]:
    """The ids in what a model wrote: "E3", "[E3], E5", "E3-E6"."""
    for kind, first, last in _ID.findall(written.upper()):
        start, end = int(first), int(last or first)
        yield from (f"{kind}{number}" for number in range(start, max(start, min(end, start + 64)) + 1))


def merge_passages(known: Sequence[Passage], new: Sequence[Passage]) -> tuple[Passage, ...]:
    """All passages, each once, the new ones with the next free ids. The reducer of the graph's `evidence`."""
    merged = {passage.key: passage for passage in known}
    for passage in new:
        merged.setdefault(passage.key, replace(passage, id=f"E{len(merged) + 1}"))
    return tuple(merged.values())


def merge_findings(known: Sequence[Finding], new: Sequence[Finding]) -> tuple[Finding, ...]:
    """All findings, each once, the new ones with the next free ids. The reducer of the graph's `findings`."""
    merged = {finding.key: finding for finding in known}
    for finding in new:
        merged.setdefault(finding.key, replace(finding, id=f"F{len(merged) + 1}"))
    return tuple(merged.values())
