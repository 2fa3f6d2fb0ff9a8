"""Questions and answers on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from app.api.schemas.base import AnyEvent, Request, Wire
from app.api.schemas.plans import PlanBody
from app.api.schemas.problems import error_of
from app.core.errors import WorkerFailed
from app.core.events import Answered, Delta, Event, Failed, Understood
from app.core.requests import LONGEST_QUESTION, MOST_OPTIONS, AskRequest, DrawnBox
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, Usage, from_json


class CitationOut(Wire):
    """A moment of a video that supports an answer. Times are seconds on the video's clock."""

    video_id: str
    start_s: float
    end_s: float
    kind: SegmentKind
    quote: str
    frame_s: float | None = None
    verified: bool = False
    confidence: float | None = None
    """How likely this is the moment, 0 to 1; set if the question asks for moments."""
    box: tuple[float, float, float, float] | None = None
    """The part of the frame that shows it: left, top, right, bottom as shares of the picture; null for all of it."""

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
            confidence=citation.confidence,
            box=citation.box,
        )


class UsageOut(Wire):
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


class AnswerOut(Wire):
    """An answer with its citations and the agent's steps."""

    id: str = ""
    """The id of the stored answer; empty if it was not stored."""
    status: AnswerStatus
    text: str
    understood: str = ""
    """The whole question that one which points back ("and after that?") was taken for; empty for one that does not."""
    option_index: int | None = None
    confidence: float | None = None
    """How sure the answer is, 0 to 1; null unless the status is answered."""
    citations: list[CitationOut] = Field(default=[])
    searched: list[str] = Field(default=[])
    """What was searched, read and looked at; set if the answer was not found."""
    missing: list[str] = Field(default=[])
    """What it would take to decide, one sentence each; set if it could not be decided."""
    trace: list[AnyEvent] = Field(default=[])
    usage: UsageOut = UsageOut()

    @classmethod
    def of(cls, answer: Answer, trace: Sequence[Event] = (), id: str = "") -> Self:
        """The wire form of an answer."""
        return cls(
            id=id,
            status=answer.status,
            text=answer.text,
            understood=next((event.question for event in trace if isinstance(event, Understood)), ""),
            option_index=answer.option_index,
            confidence=answer.confidence,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            searched=list(answer.searched),
            missing=list(answer.missing),
            trace=list(trace),
            usage=UsageOut.of(answer.usage),
        )

    @classmethod
    def from_events(cls, events: Sequence[Event]) -> Self:
        """The answer that a stream of agent events ends with; its trace is all that came before but pieces of text.

        Raises the LongreelError of a `Failed` event, and WorkerFailed for a stream without an end.
        """
        for event in events:
            if isinstance(event, Failed):
                raise error_of(event)
            if isinstance(event, Answered):
                trace = [earlier for earlier in events if not isinstance(earlier, Answered | Delta)]
                return cls.of(from_json(Answer, event.answer), trace, event.id)
        raise WorkerFailed("The agent stopped without an answer.", "Ask again.")


class LimitsIn(Request):
    """The limits of an answer."""

    max_steps: int | None = Field(
        None,
        ge=1,
        le=64,
        description="turns in which the model uses tools; at most the server's own limit",
    )
    max_seconds: float | None = Field(
        None, ge=1, allow_inf_nan=False, description="time for the answer in seconds; at most the server's own limit"
    )


class BoxIn(Request):
    """A rectangle of the picture, in shares of its width and height from its top left corner."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)
    start_s: float = Field(ge=0, allow_inf_nan=False, description="when it is meant, in seconds")
    end_s: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="the end of the time that is meant; default: one moment"
    )


class AskIn(LimitsIn):
    """A question, about some videos or (none named) the whole library."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    videos: list[str] = Field(default=[], max_length=1000, description="ids, unique prefixes of ids, or titles")
    collection: str | None = Field(
        None, max_length=100, description="id or name; its videos in addition to those named"
    )
    options: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(default=[], max_length=MOST_OPTIONS)
    thread_id: str | None = Field(
        None,
        max_length=100,
        description="the conversation that the question belongs to; about its videos if none are named",
    )
    plan: PlanBody | None = Field(None, description="the plan from POST /v1/plan, changed or not")
    keep: bool = Field(False, description="answer and store it even if the client disconnects")
    run_id: str = Field(
        "", max_length=100, description="any name; after a crash, ask again under it to resume the answer"
    )
    box: BoxIn | None = Field(None, description="the part of one video's picture that the question is about")

    def to_request(self) -> AskRequest:
        """What is asked. Raises BadInput."""
        return AskRequest(
            self.question,
            tuple(self.videos),
            self.collection or "",
            tuple(self.options),
            self.thread_id or "",
            self.plan.model_dump(mode="json") if self.plan else None,
            self.run_id,
            self.max_steps,
            self.max_seconds,
            self.keep,
            DrawnBox(**self.box.model_dump()) if self.box else None,
        )


class QuestionOut(Wire):
    """A question that is being answered, or was until a few minutes ago."""

    run_id: str
    question: str
    thread_id: str | None
    state: Literal["waiting", "running", "answered", "failed", "cancelled"]
    answer_id: str | None
    """The id of the stored answer, once there is one."""


def example_answer() -> dict[str, Any]:
    """An answer to show in the OpenAPI description."""
    video = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    cited = {"video_id": video, "start_s": 83.2, "end_s": 88.9, "kind": "speech", "frame_s": 84.0, "verified": True}
    return {
        "id": "0d6a6f2c5f0b4c3f9a1e0d8f7b6c5a43",
        "status": "answered",
        "text": "The bridge opened in 1932.",
        "option_index": None,
        "confidence": 0.86,
        "citations": [{**cited, "quote": "It opened to the public in March 1932."}],
        "trace": [
            {"type": "planned", "mode": "pipeline", "queries": ["bridge opened"]},
            {"type": "searched", "query": "bridge opened", "hits": []},
        ],
        "usage": {"seconds": 4.1, "steps": 2, "frames": 0, "prompt_tokens": 812, "output_tokens": 41},
    }
