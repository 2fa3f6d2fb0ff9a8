"""What the agent knows while it works: its plan, the passages it found, the claims it makes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from app.core.events import Hit
from app.core.types import Answer, SegmentKind, TimeSpan, Turn, Usage, Video, VideoId

if TYPE_CHECKING:
    from agents.agent import AgentParts
    from agents.budget import Budget


class QuestionType(StrEnum):
    """What kind of answer is wanted."""

    FACT = "fact"
    MOMENT = "moment"
    """When, on the video's clock, something is said or shown."""
    COUNT = "count"
    """How often something is said or shown."""
    YES_NO = "yes_no"
    LIST = "list"
    SCREEN_TEXT = "screen_text"
    SPEECH = "speech"
    VISUAL = "visual"
    """What only the pictures tell: colours, clothes, gestures, numbers of things."""
    SUMMARY = "summary"
    COMPARE = "compare"
    """Which of several videos tells of something, or what each of them says about it."""
    ORDER = "order"
    """Which of several events comes first, or in which order they come; the queries are the events."""
    CAUSE = "cause"
    """Why something happens; the query is the effect."""


SELF_EVIDENT = (QuestionType.SUMMARY, QuestionType.COUNT, QuestionType.COMPARE, QuestionType.ORDER)
"""Questions whose answer lists what was found, so that nothing of it could be wanting."""


@dataclass(frozen=True, slots=True)
class TimeScope:
    """A stretch that a question names. Negative times count from the end; `share` turns both into shares of the whole.

    It becomes a `TimeSpan` only with the length of a video, since "the last minute" differs from one to the next.
    """

    start: float
    end: float
    words: str
    share: bool = False
    at: float | None = None
    """The one moment that is meant, in seconds, if one is: the frame shown then decides."""

    def window(self, duration_s: float) -> TimeSpan | None:
        """The stretch inside a video of that length; None when it lies wholly past the end."""
        start, end = (self._at(edge, duration_s) for edge in (self.start, self.end))
        if start > duration_s or end < start:
            return None
        return TimeSpan(max(0.0, start), max(0.0, min(end, duration_s)))

    def _at(self, edge: float, duration_s: float) -> float:
        if math.isinf(edge):
            return duration_s
        if self.share:
            return edge * duration_s
        return edge if math.copysign(1.0, edge) > 0 else max(0.0, duration_s + edge)


@dataclass(frozen=True, slots=True)
class Place:
    """A moment that is known, since an answer cited it."""

    video_id: VideoId
    span: TimeSpan
    kind: SegmentKind
    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """Something in the video from which a question counts: "after the vote"."""

    text: str
    side: Literal["before", "after", "while", "between"]
    close: bool = False
    """Whether the very next thing is meant."""
    until: str = ""
    """The other end of "between ... and ..."."""
    at: Place | None = None
    """Where it is, when that is known; else it is searched for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question will be answered."""

    question: str
    question_type: QuestionType
    queries: tuple[str, ...]
    sources: tuple[SegmentKind, ...] = ()
    """Where to look first; empty for everywhere."""
    strict: bool = False
    """Whether only those sources can answer, as in "what does he say"."""
    scope: TimeScope | None = None
    anchor: Anchor | None = None
    pick: Literal["", "first", "last"] = ""
    """Which of several fitting pieces is meant."""
    unit: Literal["", "text", "line", "sentence", "word"] = ""
    """How much of a text on the screen is wanted, when its place or its time is all that the question tells of it."""
    place: Literal["", "top", "bottom"] = ""
    """Where on the screen the wanted line stands."""
    value: str = ""
    """The value of a counter or clock on the screen whose moment is asked for, as the question writes it."""
    seen: bool = False
    """Whether pictures tell the answer, unless somebody puts it into words."""
    by: Literal["rules", "model", "user"] = "rules"

    @property
    def reads_edge(self) -> bool:
        """Whether the first or last text on the screen is wanted, whatever it says."""
        return bool(self.unit and self.pick)

    @property
    def reads_all(self) -> bool:
        """Whether everything known of a stretch is wanted, since no words are left to search for."""
        return not self.queries or self.reads_edge


@dataclass(frozen=True, slots=True)
class Passage:
    """The few sentences, or the text on the screen, that a prompt shows and a citation quotes.

    Narrower than the segment it was found by; its span and its words are copied from the store.
    """

    id: str
    video_id: VideoId
    kind: SegmentKind
    span: TimeSpan
    text: str
    score: float
    """How well it fits the question, 0 to 1."""
    frame_s: float | None = None
    units: tuple[tuple[TimeSpan, str], ...] = ()
    """The sentences with their own spans, for passages of speech."""
    confidence: float = 1.0
    """How sure the reader or the transcriber was, 0 to 1."""
    tagged: bool = False
    """Whether it only holds classes and colours that a classifier told: a hint where to look, never a proof."""

    def named(self, id: str) -> Passage:
        """The same passage under another short id."""
        return replace(self, id=id)

    @property
    def hit(self) -> Hit:
        """The passage as a trace shows it."""
        return Hit(self.id, str(self.video_id), self.span, str(self.kind), self.text[:300], round(self.score, 3))


@dataclass(frozen=True, slots=True)
class Located:
    """An event whose place in time is asked for, or a video that is compared by its title, and what was found."""

    event: str
    passage: Passage | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of an answer and the passages that should support it."""

    text: str
    passages: tuple[Passage, ...]
    verbatim: bool = False
    """Whether the text only quotes or lists passages, so that it cannot say more than they do."""
    counted: int = 0
    """How many items the text lists, where it answers how many there are."""
    hedged: bool = False
    """Whether nothing here could check it: it is told as a guess, and its citations are not marked as verified."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is checked."""

    claims: tuple[Claim, ...] = ()
    by: str = ""
    option_index: int | None = None
    refusal: str = ""
    """Why there is no claim, in words for the person who asked."""
    undecided: bool = False
    """Whether the refusal says nothing about the video: a part is missing, or the question is not complete."""


@dataclass(frozen=True, slots=True)
class Step:
    """A tool that the language model chose, as it wrote it, and what it was told back."""

    action: str
    observation: str


class AgentState(TypedDict, total=False):
    """The graph's state; each node returns the keys it changes."""

    question: str
    """The whole question, once it was understood; before that as it was asked."""
    videos: Sequence[Video]
    options: tuple[str, ...]
    asked: str
    """The question as it was asked."""
    wording: str
    """The question with its pronouns, where they were replaced by what they mean; else empty."""
    turns: tuple[Turn, ...]
    """What was asked and answered before in the same conversation."""
    cited: Anchor | None
    """The moment from which the question counts, when an earlier answer cited it."""
    given: Plan | None
    """The plan that the person who asked has made, or changed."""
    plan: Plan
    passages: tuple[Passage, ...]
    located: tuple[Located, ...]
    """The events of a question of order, the videos of a comparison, or an effect and its cause."""
    places: tuple[tuple[VideoId, float], ...]
    """Moments, in seconds, that were reckoned and should be looked at."""
    tried: tuple[str, ...]
    """What was searched or looked at already, so that nothing is done twice."""
    steps: tuple[Step, ...]
    """What the language model did so far, where it chooses its steps."""
    findings: tuple[Claim, ...]
    """What tools counted or reckoned, which an answer may name as F1, F2, ..."""
    proposed: Draft | None
    """The answer that the language model has chosen, where it chooses its steps."""
    sufficient: bool
    confidence: float
    draft: Draft
    answer: Answer
    told: tuple[dict[str, Any], ...]
    """Events of the nodes that have finished, as JSON, in a run that is stored."""
    spent: Usage
    """What they cost."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the nodes of one run share: the parts they work with and the budget they spend."""

    parts: AgentParts
    budget: Budget
