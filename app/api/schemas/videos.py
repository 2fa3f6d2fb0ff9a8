"""Videos and their contents on the wire."""

from __future__ import annotations

from typing import Self

from pydantic import Field, Json

from app.api.schemas.answers import CitationOut
from app.api.schemas.base import Request, Wire
from app.api.schemas.summaries import PointOut
from app.api.schemas.webhooks import WebhookIn
from app.core.requests import IngestRequest
from app.core.types import (
    Chapter,
    Digest,
    Segment,
    SegmentKind,
    Utterance,
    Video,
)


class VideoOut(Wire):
    """A video of the library. `id` is the SHA-256 of the file."""

    id: str
    title: str
    duration_s: float
    ready: bool
    added_at: str
    language: str | None
    size_bytes: int
    width: int | None
    """Pixels as shown; null for a file with sound only."""
    height: int | None
    fps: float | None = Field(default=None)
    """Pictures a second, on average."""
    has_audio: bool
    warnings: list[str]
    tags: list[str] = Field(default=[])
    """The names of its collections."""
    source: str = Field(default="", description="the address that it was downloaded from, if any")
    recorded_at: str = Field(default="", description="when it was recorded, as the file says")
    camera: str = Field(default="", description="maker and model of the camera, as the file says")
    location: str = Field(default="", description="where it was recorded, ISO 6709, as the file says")

    @classmethod
    def of(cls, video: Video) -> Self:
        """The wire form of a video."""
        pictures = video.media.video
        return cls(
            id=video.id,
            title=video.title,
            duration_s=video.duration_s,
            ready=video.ready,
            added_at=video.added_at,
            language=video.language,
            size_bytes=video.media.size_bytes,
            width=pictures.width if pictures else None,
            height=pictures.height if pictures else None,
            fps=pictures.average_fps if pictures else None,
            has_audio=bool(video.media.audio),
            warnings=list(video.media.warnings),
            tags=list(video.tags),
            source=video.source,
            recorded_at=video.media.tags.created_at,
            camera=video.media.tags.camera,
            location=video.media.tags.location,
        )


class WaveformOut(Wire):
    """How loud a video is over time."""

    step_s: float
    """Seconds that each peak stands for; the first begins at 0."""
    peaks: list[float]
    """The loudest tenth of a second in each step: root mean square, full scale 1. Empty without sound."""


class SegmentOut(Wire):
    """What is said, shown or written in one span of a video."""

    id: str
    kind: SegmentKind
    start_s: float
    end_s: float
    text: str
    frame_s: float | None
    model: str
    guessed: bool = False
    """Whether it describes a picture by the guesses of a classifier, which are no facts."""

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """The wire form of a segment."""
        from agents.evidence.reading import is_guess  # here, so that the client loads no engine

        return cls(
            id=segment.id,
            kind=segment.kind,
            start_s=segment.span.start_s,
            end_s=segment.span.end_s,
            text=segment.text,
            frame_s=segment.frame_s,
            guessed=is_guess(segment),
            model=segment.model,
        )


class WordOut(Wire):
    """One spoken word."""

    text: str
    start_s: float
    end_s: float
    probability: float


class CorrectionIn(Request):
    """What is said in a sentence that was misheard."""

    start_s: float = Field(ge=0, allow_inf_nan=False, description="when the sentence begins, as in the transcript")
    text: str = Field(min_length=1, max_length=4000)
    heard: str | None = Field(
        None, max_length=4000, description="the text to replace; 409 if the sentence says something else by now"
    )


class UtteranceOut(Wire):
    """One spoken sentence."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None
    language: str | None = None
    confidence: float
    words: list[WordOut]

    @classmethod
    def of(cls, utterance: Utterance) -> Self:
        """The wire form of an utterance."""
        words = [
            WordOut(text=w.text, start_s=w.span.start_s, end_s=w.span.end_s, probability=w.probability)
            for w in utterance.words
        ]
        return cls(
            start_s=utterance.span.start_s,
            end_s=utterance.span.end_s,
            text=utterance.text,
            speaker=utterance.speaker,
            language=utterance.language,
            confidence=utterance.confidence,
            words=words,
        )


class ChapterOut(Wire):
    """A part of a video about one topic."""

    start_s: float
    end_s: float
    title: str
    summary: str
    citations: list[CitationOut]

    @classmethod
    def of(cls, chapter: Chapter) -> Self:
        """The wire form of a chapter."""
        return cls(
            start_s=chapter.span.start_s,
            end_s=chapter.span.end_s,
            title=chapter.title,
            summary=chapter.summary,
            citations=[CitationOut.of(citation) for citation in chapter.citations],
        )


class SummaryOut(Wire):
    """The summary of a video."""

    summary: str
    points: list[PointOut] = Field(default=[])
    """The sentences of the summary, each with its own citations."""
    chapters: list[ChapterOut]
    citations: list[CitationOut]

    @classmethod
    def of(cls, digest: Digest) -> Self:
        """The wire form of a digest."""
        from app.services.summarize.attribution import sentence_points  # here, so that the client loads no service

        return cls(
            summary=digest.summary,
            points=[PointOut.of(point) for point in sentence_points(digest.summary, digest.citations)],
            chapters=[ChapterOut.of(chapter) for chapter in digest.chapters],
            citations=[CitationOut.of(citation) for citation in digest.citations],
        )


class RegisterIn(Request):
    """A file to ingest, by its address or its path on the server's machine. Paths are refused unless the server listens
    on loopback without a key.
    """

    path: str | None = Field(None, min_length=1, max_length=4096)
    url: str | None = Field(None, max_length=4096, description="http or https address of a media file")
    title: str | None = Field(None, max_length=300)
    subtitles: str | None = Field(None, max_length=4096)
    language: str | None = Field(
        None,
        pattern="^([a-z]{2,3}(,[a-z]{2,3})*|auto)$",
        description="codes such as en or en,de; auto detects them again",
    )
    terms: str | None = Field(None, max_length=2000, description="names that are spoken, separated by commas")
    translate: bool = Field(False, description="translate the transcript into English")
    speakers: bool | None = Field(None, description="whether to separate speakers; default: the server's setting")
    video_track: int | None = Field(None, ge=0, le=999, description="picture track, from 0; the best one unless given")
    audio_track: int | None = Field(None, ge=0, le=999, description="sound track, from 0; the first with sound if none")
    subtitle_track: int | None = Field(
        None, ge=0, le=999, description="subtitle track of the file to use instead of transcribing, from 0"
    )
    collection: str | None = Field(None, max_length=100, pattern="^[^/]*$", description="made when there is none")
    webhook: WebhookIn | Json[WebhookIn] | None = None
    """The webhook to notify when the video is ready or has failed; in a form, as JSON text."""

    def to_request(self) -> IngestRequest:
        """What is chosen, without the files."""
        return IngestRequest(
            title=self.title,
            language=self.language,
            translate=self.translate,
            speakers=self.speakers,
            tags=(self.collection,) if self.collection else (),
            source=self.url or "",
            video_track=self.video_track,
            audio_track=self.audio_track,
            subtitle_track=self.subtitle_track,
            terms=self.terms or "",
        )
