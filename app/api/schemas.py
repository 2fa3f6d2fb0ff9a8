"""The wire: what the REST API takes and gives, and what the CLI prints with --json.

Field names and units are a promise to other programs. This module imports pydantic and the kernel
only, so that a client needs nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import LongreelError, WorkerFailed
from app.core.events import EVENT, Answered, Event, Failed
from app.core.types import (
    Answer,
    AnswerStatus,
    Chapter,
    Citation,
    Digest,
    Segment,
    SegmentKind,
    Usage,
    Utterance,
    Video,
    from_json,
)
from app.jobs.states import Job, JobState

AnyEvent = Annotated[Event, Field(discriminator="type")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CitationOut(_Wire):
    """A moment of a video that an answer rests on. Times are seconds on the video's clock."""

    video_id: str
    start_s: float
    end_s: float
    kind: SegmentKind
    quote: str
    frame_s: float | None = None
    verified: bool = False

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """The wire form of a citation."""
        return cls(
            video_id=citation.video_id,
            start_s=citation.span.start_s,
            end_s=citation.span.end_s,
            kind=citation.kind,
            quote=citation.quote,
            frame_s=citation.frame_s,
            verified=citation.verified,
        )


class UsageOut(_Wire):
    """What an answer cost."""

    seconds: float = 0.0
    steps: int = 0
    frames: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """The wire form of a usage."""
        return cls(
            seconds=usage.seconds,
            steps=usage.steps,
            frames=usage.frames,
            prompt_tokens=usage.prompt_tokens,
            output_tokens=usage.output_tokens,
        )


class AnswerOut(_Wire):
    """An answer with its proof and how it was found."""

    status: AnswerStatus
    text: str
    option_index: int | None = None
    confidence: float
    citations: list[CitationOut] = []
    trace: list[AnyEvent] = []
    usage: UsageOut = UsageOut()

    @classmethod
    def of(cls, answer: Answer, trace: Sequence[Event] = ()) -> Self:
        """The wire form of an answer."""
        return cls(
            status=answer.status,
            text=answer.text,
            option_index=answer.option_index,
            confidence=answer.confidence,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            trace=list(trace),
            usage=UsageOut.of(answer.usage),
        )

    @classmethod
    def from_events(cls, events: Sequence[Event]) -> Self:
        """The answer that a stream of agent events ends with; its trace is all that came before.

        Raises the LongreelError that a `Failed` event tells, and WorkerFailed for a stream without an end.
        """
        for event in events:
            if isinstance(event, Failed):
                raise error_of(event)
            if isinstance(event, Answered):
                trace = [earlier for earlier in events if not isinstance(earlier, Answered)]
                return cls.of(from_json(Answer, event.answer), trace)
        raise WorkerFailed("The agent stopped without an answer.", "Ask again.")


class VideoOut(_Wire):
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
    has_audio: bool
    warnings: list[str]

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
            has_audio=bool(video.media.audio),
            warnings=list(video.media.warnings),
        )


class SegmentOut(_Wire):
    """What one span of a video says, shows or writes."""

    id: str
    kind: SegmentKind
    start_s: float
    end_s: float
    text: str
    frame_s: float | None
    model: str

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """The wire form of a segment."""
        return cls(
            id=segment.id,
            kind=segment.kind,
            start_s=segment.span.start_s,
            end_s=segment.span.end_s,
            text=segment.text,
            frame_s=segment.frame_s,
            model=segment.model,
        )


class WordOut(_Wire):
    """One spoken word."""

    text: str
    start_s: float
    end_s: float
    probability: float


class UtteranceOut(_Wire):
    """One sentence that was said."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None
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
            confidence=utterance.confidence,
            words=words,
        )


class ChapterOut(_Wire):
    """A stretch of a video about one thing."""

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


class SummaryOut(_Wire):
    """A video in short."""

    summary: str
    chapters: list[ChapterOut]
    citations: list[CitationOut]

    @classmethod
    def of(cls, digest: Digest) -> Self:
        """The wire form of a digest."""
        return cls(
            summary=digest.summary,
            chapters=[ChapterOut.of(chapter) for chapter in digest.chapters],
            citations=[CitationOut.of(citation) for citation in digest.citations],
        )


class HealthOut(_Wire):
    """The server answers, and which version it is."""

    status: Literal["ok"] = "ok"
    version: str
    profile: str


class ProblemOut(_Wire):
    """An error as `application/problem+json` (RFC 9457), with a code for programs and a hint for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""


class JobErrorOut(_Wire):
    """Why a job failed, or why its last attempt did."""

    code: str
    message: str
    hint: str = ""


class JobOut(_Wire):
    """One piece of background work. Times are UTC, ISO 8601."""

    id: str
    kind: str
    state: JobState
    title: str
    """What it works on, for people."""
    attempts: int
    cancel_requested: bool
    progress: AnyEvent | None
    """The latest event."""
    done_share: float | None
    """How much of the current stage is done, 0 to 1."""
    error: JobErrorOut | None
    result: dict[str, Any] | None
    created_at: str
    started_at: str | None
    finished_at: str | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The wire form of a job. The paths in its payload stay on the server."""
        error = job.error
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            title=str(job.payload.get("title") or PurePath(str(job.payload.get("path", ""))).stem),
            attempts=job.attempts,
            cancel_requested=job.cancel_requested,
            progress=EVENT.validate_python(job.progress) if job.progress else None,
            done_share=job.done_share,
            error=JobErrorOut(code=error.code, message=error.message, hint=error.hint) if error else None,
            result=job.result,
            created_at=_utc(job.created_at) or "",
            started_at=_utc(job.started_at),
            finished_at=_utc(job.finished_at),
        )


class RegisterIn(_Request):
    """A file on the server's own machine to read. Refused unless the server listens on loopback without a key."""

    path: str | None = Field(None, min_length=1, max_length=4096)
    url: str | None = Field(None, max_length=4096, description="refused for now: upload the file instead")
    title: str | None = Field(None, max_length=300)
    subtitles: str | None = Field(None, max_length=4096)
    language: str | None = Field(None, pattern="^[a-z]{2,3}$")


class AskIn(_Request):
    """A question, about some videos or (none named) the whole library."""

    question: str = Field(min_length=1, max_length=4000)
    videos: list[str] = Field(default=[], max_length=1000, description="ids, unique prefixes of ids, or titles")
    options: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(default=[], max_length=26)


def error_of(failed: Failed) -> LongreelError:
    """The error that a `Failed` event was made from."""
    kinds = {kind.code: kind for kind in _descendants(LongreelError)}
    return kinds.get(failed.code, LongreelError)(failed.message, failed.hint)


def _descendants(kind: type[LongreelError]) -> Iterator[type[LongreelError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def problem_of(error: LongreelError) -> ProblemOut:
    """The wire form of an error; also what the CLI prints for it with --json."""
    kind = type(error)
    title = (kind.__doc__ or kind.__name__).strip().splitlines()[0]
    return ProblemOut(
        type=f"urn:longreel:problem:{kind.code}",
        title=title,
        status=kind.http_status,
        detail=error.message,
        code=kind.code,
        hint=error.hint,
    )


def _utc(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def example_answer() -> dict[str, Any]:
    """An answer to show in the OpenAPI description."""
    video = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    cited = {"video_id": video, "start_s": 83.2, "end_s": 88.9, "kind": "speech", "frame_s": 84.0, "verified": True}
    return {
        "status": "answered",
        "text": "The bridge opened in 1932.",
        "option_index": None,
        "confidence": 0.86,
        "citations": [{**cited, "quote": "It opened to the public in March 1932."}],
        "trace": [
            {"type": "planned", "question_type": "fact", "queries": ["bridge opened"], "sources": ["speech"]},
            {"type": "searched", "query": "bridge opened", "hits": []},
        ],
        "usage": {"seconds": 4.1, "steps": 2, "frames": 0, "prompt_tokens": 812, "output_tokens": 41},
    }
