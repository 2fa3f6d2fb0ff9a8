"""What happened, as data. The progress of work and the steps of the agent are one tagged union.

The terminal, the web page, the event stream of the API and the tests read the same events. An
event never carries pixels, and its texts are short enough to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from app.core.types import TimeSpan


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of ingest begins, or resumes after `done` units that an earlier run finished."""

    stage: str
    total: float
    unit: str
    done: float = 0.0
    type: Literal["stage_started"] = "stage_started"


@dataclass(frozen=True, slots=True)
class StageProgress:
    """The progress of a stage. `speed` is seconds of video per second of work, where that makes sense."""

    stage: str
    done: float
    total: float
    unit: str
    speed: float | None = None
    left_s: float | None = None
    type: Literal["stage_progress"] = "stage_progress"


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage is complete; `reused` if an earlier run did it with the same models."""

    stage: str
    seconds: float
    detail: str = ""
    reused: bool = False
    type: Literal["stage_finished"] = "stage_finished"


@dataclass(frozen=True, slots=True)
class IngestFinished:
    """A video is ready for questions."""

    video_id: str
    title: str
    duration_s: float
    seconds: float
    reused: bool = False
    type: Literal["ingest_finished"] = "ingest_finished"


@dataclass(frozen=True, slots=True)
class Heard:
    """The transcript of one span of a video that is still being ingested. The library already has it."""

    video_id: str
    span: TimeSpan
    sentences: tuple[tuple[float, float, str], ...]
    """Start and end in seconds, and the words, in time order."""
    type: Literal["heard"] = "heard"


@dataclass(frozen=True, slots=True)
class Warned:
    """A message for the user about something that does not stop the work."""

    message: str
    type: Literal["warned"] = "warned"


@dataclass(frozen=True, slots=True)
class Understood:
    """A question that refers back ("and after that?"), and the complete question it stands for."""

    asked: str
    question: str
    by: Literal["rules", "model"] = "rules"
    type: Literal["understood"] = "understood"


@dataclass(frozen=True, slots=True)
class Planned:
    """How the question will be answered: in which mode, and what the search is restricted to."""

    mode: Literal["loop", "pipeline"]
    """loop: the model chooses each step; pipeline: a fixed order of small steps."""
    reason: str = ""
    """Why this mode."""
    queries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    window: TimeSpan | None = None
    time_words: str = ""
    by: Literal["rules", "model", "user"] = "rules"
    type: Literal["planned"] = "planned"


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool that the model chose has started."""

    tool: str
    arguments: str
    call_id: str = ""
    type: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True)
class Called:
    """A tool has finished: its arguments, and the observation that the model reads."""

    tool: str
    arguments: str
    observation: str
    refused: bool = False
    """Whether the tool could not do it; the observation says why."""
    call_id: str = ""
    video_ids: tuple[str, ...] = ()
    """The videos from which the evidence in the observation comes."""
    type: Literal["called"] = "called"


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the text that the model is writing. Shown as it arrives, never stored."""

    text: str
    type: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True)
class Hit:
    """One piece of evidence, as shown in a trace."""

    evidence_id: str
    video_id: str
    span: TimeSpan
    kind: str
    text: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Searched:
    """A search and its hits."""

    query: str
    hits: tuple[Hit, ...]
    type: Literal["searched"] = "searched"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A closer look at a span: which frames or sound, and the evidence it gave."""

    video_id: str
    span: TimeSpan
    action: Literal["read_text", "look", "transcribe"]
    frames_s: tuple[float, ...] = ()
    found: tuple[Hit, ...] = ()
    type: Literal["inspected"] = "inspected"


@dataclass(frozen=True, slots=True)
class Drafted:
    """The claims of a first answer, each with the evidence it cites."""

    claims: tuple[tuple[str, tuple[str, ...]], ...]
    by: str
    type: Literal["drafted"] = "drafted"


@dataclass(frozen=True, slots=True)
class Verified:
    """One claim, judged against the evidence that it cites."""

    claim: str
    verdict: Literal["yes", "unclear", "no"]
    reason: str
    evidence_ids: tuple[str, ...] = ()
    type: Literal["verified"] = "verified"

    @property
    def supported(self) -> bool:
        """Whether the evidence states the claim."""
        return self.verdict == "yes"


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of the agent's work. `answer` is `to_json(Answer)`; `id` is its id once it is stored."""

    answer: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    type: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True)
class Failed:
    """The work stopped with an error from the error tree."""

    code: str
    message: str
    hint: str = ""
    type: Literal["failed"] = "failed"


Event = (
    StageStarted
    | StageProgress
    | StageFinished
    | IngestFinished
    | Heard
    | Warned
    | Understood
    | Planned
    | ToolStarted
    | Called
    | Delta
    | Searched
    | Inspected
    | Drafted
    | Verified
    | Answered
    | Failed
)

Listener = Callable[[Event], None]

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""Reads and writes events as JSON: `EVENT.dump_python(event, mode="json")`, `EVENT.validate_python(data)`."""


def ignore(event: Event) -> None:
    """Does nothing with an event."""
