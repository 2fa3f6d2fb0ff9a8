"""What a tool is, what it can use, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agents.evidence import Finding, Passage, expanded
from agents.llm import plain_schema
from agents.parts import AgentRun
from agents.state import AgentState, Coverage
from app.core.errors import Cancelled, LongreelError, ToolRefused
from app.core.events import Event, Inspected, Warned
from app.core.timecode import clock, parse_clock
from app.core.types import SegmentKind, TimeSpan, ToolSpec, Video

AsSeconds = BeforeValidator(lambda value: parse_clock(value) if isinstance(value, str) else value)
Seconds = Annotated[float, AsSeconds, Field(ge=0, allow_inf_nan=False)]
Action = Literal["read_text", "look", "transcribe"]
VideoName = Annotated[str, Field(description="the video, such as V1")]


class SpanIn(BaseModel):
    """A span of a video, in seconds (15.2) or as a clock time ("0:15.2")."""

    start_s: Seconds
    end_s: Seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a tool."""

    parts: tuple[str | Passage | Finding, ...]
    """What the model reads, in order."""
    inspected: tuple[Coverage, ...] = ()


@dataclass(frozen=True)
class ToolContext:
    """What a tool can use: the run's parts and state, and a listener for its events."""

    work: AgentRun
    state: AgentState
    report: Callable[[Event], None]
    videos: dict[str, Video] = field(init=False)
    problems: list[str] = field(default_factory=list, init=False)
    """What went wrong in a step that goes on, a sentence each for the user."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "videos", named_videos(self.state["videos"]))

    def video(self, name: str, *, pictures: bool = False) -> Video:
        """The video with this name. Raises ToolRefused, also where it has no `pictures` and they are needed."""
        video = self.videos.get(name.strip().upper())
        if not name and len(self.videos) == 1:
            video = next(iter(self.videos.values()))
        if video is None:
            raise ToolRefused(f"There is no video {name}. The videos are: {', '.join(self.videos)}.")
        if pictures and video.media.video is None:
            raise ToolRefused(f"{self.name_of(video)} has no pictures.")
        return video

    def scope(self, name: str, span: SpanIn | None) -> list[tuple[Video, TimeSpan]]:
        """The requested span of the video with this name, or for "all" of all that are long enough. Raises
        ToolRefused."""
        videos = list(self.videos.values()) if name.lower() in ("", "all") else [self.video(name)]
        found = []
        for video in videos:
            with suppress(ToolRefused):
                found.append((video, self.span(video, span)))
        return found or [(videos[0], self.span(videos[0], span))]

    def allowed(self, video: Video) -> TimeSpan:
        """The part of a video that the person chose; a time in the question is for the model to understand.

        Raises ToolRefused when it lies past the end.
        """
        plan = self.state["plan"]
        span = plan.span(video) if plan.by == "user" else video.media.whole
        if span is None:
            raise ToolRefused(f"The chosen part lies after the end of {self.name_of(video)}.")
        return span

    def span(self, video: Video, span: SpanIn | None) -> TimeSpan:
        """The requested span inside the allowed part of a video; without one, the whole part. Raises ToolRefused."""
        allowed = self.allowed(video)
        if span is None:
            return allowed
        inside = TimeSpan(*sorted((span.start_s, span.end_s))).clipped(allowed)
        if inside is None:
            raise ToolRefused(
                f"{self.name_of(video)} can be searched from {clock(allowed.start_s)} to {clock(allowed.end_s)}."
            )
        return inside

    def spans(self, video: Video, spans: Sequence[SpanIn]) -> list[TimeSpan]:
        """The requested spans inside the allowed part, without those outside it; where none was requested, the whole
        part. Raises ToolRefused if all lie outside."""
        allowed = self.allowed(video)
        inside = [one for one in spans if TimeSpan(*sorted((one.start_s, one.end_s))).clipped(allowed) is not None]
        return [self.span(video, one) for one in inside or spans] or [allowed]

    def require(self, kind: SegmentKind) -> None:
        """Raises ToolRefused if the person has excluded this kind of evidence."""
        plan = self.state["plan"]
        if not plan.allows(kind):
            raise ToolRefused(f"Only this evidence counts: {', '.join(plan.sources)}.")

    def evidence(self, written: Sequence[str]) -> list[Passage]:
        """The evidence with these ids, each once. Raises ToolRefused if some does not exist."""
        known = {passage.id: passage for passage in self.state["evidence"]}
        ids = dict.fromkeys(id for one in written for id in [*expanded(one)] or [one])
        if unknown := [id for id in ids if id not in known]:
            raise ToolRefused(f"There is no evidence {', '.join(unknown)}.")
        return [known[id] for id in ids]

    def name_of(self, video: Video) -> str:
        """V1, V2, ..."""
        return next(name for name, other in self.videos.items() if other.id == video.id)

    def report_inspected(
        self, action: Action, video: Video, span: TimeSpan, frames_s: Sequence[float], passages: Sequence[Passage]
    ) -> None:
        """Reports a closer look at a span, and what it gave."""
        self.report(Inspected(str(video.id), span, action, tuple(frames_s), tuple(one.hit for one in passages)))

    @contextmanager
    def warn_on_error(self, fault: str) -> Iterator[None]:
        """Makes an error in the block, or the end of its time, one of the problems: a warning that begins with `fault`.
        Raises Cancelled when the answer is no longer wanted."""
        try:
            yield
        except LongreelError as error:
            self.work.budget.check()
            self.problems.append(f"{fault}: {'the time ran out' if isinstance(error, Cancelled) else error}")
            self.report(Warned(self.problems[-1]))


class Tool(BaseModel, ABC):
    """A tool: its fields are the arguments, and the docstring of its class is the description for the model.

    Unknown arguments are ignored, because models invent some.
    """

    model_config = ConfigDict(frozen=True)

    @abstractmethod
    def run(self, context: ToolContext) -> Outcome:
        """The result of a call. Raises ToolRefused, in words for the model, when it cannot do what was asked."""

    @classmethod
    def is_available(cls, work: AgentRun) -> bool:
        """Whether the models of a run allow it."""
        del work
        return True

    @classmethod
    def spec(cls) -> ToolSpec:
        """As a model reads it."""
        return tool_spec(cls.__name__.lower(), " ".join((cls.__doc__ or "").split()), cls)


def tool_spec(name: str, description: str, arguments: type[BaseModel]) -> ToolSpec:
    """A tool as a model reads it; of the arguments' own descriptions only those of the single ones."""
    schema = plain_schema(arguments)
    return ToolSpec(name, description, {key: value for key, value in schema.items() if key != "description"})


def named_videos(videos: Sequence[Video]) -> dict[str, Video]:
    """The videos of a question by the names that the model uses."""
    return {f"V{number}": video for number, video in enumerate(videos, start=1)}
