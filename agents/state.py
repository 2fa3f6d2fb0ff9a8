"""The state of a run of the graph, and how the results of its nodes are merged into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, TypeVar

from agents.evidence import Finding, Passage, merge_findings, merge_passages
from agents.plans import Plan
from app.core.types import Answer, TimeSpan, ToolCall, Turn, Usage, Video, VideoId
from app.core.types.objects import Region

Verdict3 = Literal["yes", "unclear", "no"]
Sense = Literal["speech", "screen_text", "pictures"]
"""Where an answer can be: in what is said, in what is written on the screen, in what is shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of the model: what it wrote, and the tools that it called."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a tool gave back: text and passages in order. Passages get their ids when they join the evidence."""

    call: ToolCall
    parts: tuple[str | Passage | Finding, ...]
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What the agent says to the model between turns, such as why a statement was not accepted."""

    text: str


Entry = Said | Observation | Note


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where one sense was searched or looked at."""

    sense: Sense
    video_id: VideoId
    span: TimeSpan


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of an answer and the evidence that it cites."""

    text: str
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...] = ()
    unknown_ids: tuple[str, ...] = ()
    """Ids that it cites and that do not exist."""
    by_code: bool = False
    """Whether code answered the question, from what it had counted itself."""
    question: str = ""
    """The one that it answers, where several were asked at once."""


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """An answer before it is judged."""

    claims: tuple[Claim, ...]
    stated: Literal["yes", "no", "unsure"] = "yes"
    """Whether the video gives the answer, as the model sees it."""
    option: int | None = None
    could_be_in: tuple[Sense, ...] = ()
    """Where the answer would be if the video gave it."""
    needs_eyes: bool = False
    """Whether only the pictures show it, and nothing can look at them."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim with its verdict."""

    claim: Claim
    verdict: Verdict3
    reason: str
    confidence: float = 0.0
    """How sure the judge is that the evidence states the claim, 0 to 1."""


Item = TypeVar("Item")


def append(before: Sequence[Item], new: Sequence[Item]) -> tuple[Item, ...]:
    """Both as one tuple, also where a store has made a list of the first."""
    return (*before, *new)


def later_usage(before: Usage, new: Usage) -> Usage:
    """The later of two counts: a budget counts on from what was spent before."""
    return new if new.seconds >= before.seconds else before


class AgentState(TypedDict, total=False):
    """The state of the graph. What has a reducer begins empty."""

    question: str
    asked: tuple[str, ...]
    """The single questions in it, for models that answer one at a time."""
    videos: tuple[Video, ...]
    options: tuple[str, ...]
    turns: tuple[Turn, ...]
    plan: Plan
    region: Region | None
    """The part of the picture that the question is about."""
    log: Annotated[tuple[Entry, ...], append]
    evidence: Annotated[tuple[Passage, ...], merge_passages]
    findings: Annotated[tuple[Finding, ...], merge_findings]
    inspected: Annotated[tuple[Coverage, ...], append]
    problems: Annotated[tuple[str, ...], append]
    """What went wrong or was missing on the way, a sentence each for the user."""
    draft: DraftAnswer
    judged: tuple[JudgedClaim, ...]
    repairs: int
    forced: bool
    """Whether the model has to answer as JSON, because it used its last turn for something else."""
    answer: Answer
    call: ToolCall
    """The call that one `use` node works on."""
    events: Annotated[tuple[dict[str, Any], ...], append]
    """What was reported so far, for runs that go on after a crash."""
    spent: Annotated[Usage, later_usage]
