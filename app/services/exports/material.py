"""The input of an export: one video and everything known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from app.core.types import Answer, Chapter, Digest, Utterance, Video
from app.services.summarize.shapes import Point, Section, SummaryRequest, VideoSummary


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question about the video and its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that an export format can use."""

    video: Video
    utterances: tuple[Utterance, ...]
    chapters: tuple[Chapter, ...]
    sections: tuple[Section, ...] = ()
    answers: tuple[AnsweredQuestion, ...] = ()
    wanted: SummaryRequest | None = None
    model: str = ""
    """The model that phrased the sections."""
    media_url: str = ""
    """Where a player finds the file; if empty, its own path."""

    @property
    def address(self) -> str:
        """An address of the file for links and players."""
        return self.media_url or "file://" + quote(self.video.path, errors="surrogateescape")

    def at(self, seconds: float) -> str:
        """An address of a moment (W3C Media Fragments, temporal dimension)."""
        return f"{self.address}#t={seconds:.3f}".rstrip("0").rstrip(".")


def of_summary(
    video: Video,
    utterances: Sequence[Utterance],
    chapters: Sequence[Chapter],
    summary: VideoSummary,
    answers: Sequence[AnsweredQuestion] = (),
) -> Material:
    """The material of a video with a requested summary."""
    return Material(
        video,
        tuple(utterances),
        tuple(chapters),
        summary.sections,
        tuple(answers),
        summary.wanted,
        summary.model,
    )


def of_digest(video: Video, utterances: Sequence[Utterance], digest: Digest | None, media_url: str = "") -> Material:
    """The material of a video with the summary written at ingest."""
    sections: tuple[Section, ...] = ()
    if digest and digest.summary and digest.citations:
        sections = (Section("", None, (Point(digest.summary, digest.citations),)),)
    chapters = digest.chapters if digest else ()
    return Material(video, tuple(utterances), chapters, sections, media_url=media_url)
