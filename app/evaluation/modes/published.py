"""What the published agents have in common: one model, the captions or frames that it is shown, and what that costs.

They are small versions of the loops in their papers, over our own ports: the same chat model does all their work, at
temperature 0, and our prompts are not theirs word for word. What they saw is cited, unchecked.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import Cancelled, MissingPart
from app.core.ports import Chat
from app.core.timecode import clock
from app.core.types import (
    Answer,
    Citation,
    Completion,
    Frame,
    Message,
    SegmentKind,
    TimeSpan,
    ToolSpec,
    Usage,
    Video,
)
from app.evaluation.cases import Case
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles, evenly, fitting_frames, fitting_lines
from app.evaluation.modes.reply import REFUSE, answer_of, json_in
from app.evaluation.official import lettered

if TYPE_CHECKING:
    from agents.parts import AgentParts

Line = tuple[TimeSpan, str]
"""What is captioned or said, and when."""
CAPTION = "Say in one sentence what this frame of a video shows."
CAPTIONED_FRAMES = 180
"""Frames that are captioned at most where a paper captions every one or two seconds."""
THINKING = 1000
"""Tokens of an answer that is reasoned in words."""


class Captions:
    """Captions of frames, written once for all questions about a video."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, float], str] = {}
        self._lock = threading.Lock()

    def at(self, video: Video, time_s: float, write: Callable[[float], str]) -> str:
        """The caption of a frame, from an earlier question or written now."""
        key = (str(video.id), round(time_s, 2))
        with self._lock:
            known = self._written.get(key)
        if known is None:
            known = write(time_s)
            with self._lock:
                self._written[key] = known
        return known


@dataclass
class Work:
    """One question at work: the model, the video, what was seen, and what that has cost."""

    chat: Chat
    parts: AgentParts
    case: Case
    video: Video
    shown: ModeMaterial
    captions: Captions
    cancelled: Callable[[], bool]
    seen_s: list[float] = field(default_factory=list)
    """The frames that were looked at or whose caption was read."""
    _started: float = field(default_factory=time.monotonic)
    _steps: int = 0
    _prompt_tokens: int = 0
    _output_tokens: int = 0

    def ask(
        self,
        messages: Sequence[Message],
        *,
        max_output: int = THINKING,
        schema: Mapping[str, Any] | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> Completion:
        """The model's next message. Raises Cancelled, WorkerFailed."""
        if self.cancelled():
            raise Cancelled("The question was cancelled.")
        return self._counted(
            self.chat.chat(messages, max_output=max_output, schema=schema, tools=tools, stop=self.cancelled)
        )

    def write(self, prompt: str, *, max_output: int = THINKING) -> str:
        """The model's reply."""
        return self.ask([Message("user", prompt)], max_output=max_output).text.strip()

    def fill(self, prompt: str, schema: Mapping[str, Any], *, max_output: int = THINKING) -> dict[str, Any]:
        """The JSON object that the model writes; empty where it writes none that can be read."""
        return as_object(self.ask([Message("user", prompt)], max_output=max_output, schema=schema).text)

    def look(
        self,
        times_s: Sequence[float],
        prompt: str,
        *,
        max_output: int = THINKING,
        schema: Mapping[str, Any] | None = None,
    ) -> str:
        """What the model that sees says of these frames. Raises MissingPart where none can."""
        frames = self.frames(times_s)
        if self.chat.capabilities.images:
            labelled = [part for frame in frames for part in (f"The frame at {clock(frame.pts_s)}:", frame)]
            return self.ask([Message("user", (*labelled, prompt))], max_output=max_output, schema=schema).text.strip()
        if self.parts.vision is None:
            raise MissingPart(
                "No model can look at pictures.", "Set LONGREEL_VLM_URL, or a language model that accepts pictures."
            )
        return self._counted(self.parts.vision.look(frames, prompt)).text.strip()

    def frames(self, times_s: Sequence[float]) -> list[Frame]:
        """Frames at these times, as many and as large as half of the model's context holds."""
        stream = self.video.media.video
        if stream is None or not times_s:
            return []
        count, side = fitting_frames(stream, len(times_s), self.chat.capabilities.context // 2)
        chosen = [times_s[int(place)] for place in evenly(len(times_s), count)]
        frames = list(self.parts.frames.at(Path(self.video.path), chosen, max_side=side))
        self.seen_s += [frame.pts_s for frame in frames]
        return frames

    @property
    def sees(self) -> bool:
        """Whether a model can look at the pictures of this video."""
        may_look = self.video.media.video is not None and self.shown.frames != 0
        return may_look and (self.chat.capabilities.images or self.parts.vision is not None)

    def stored_captions(self) -> list[Line]:
        """The captions that ingest or an import stored; where nothing could write any, the recognised tags."""
        for kind in (SegmentKind.CAPTION,) if self.sees else (SegmentKind.CAPTION, SegmentKind.VISUAL):
            stored = self.parts.library.segments(self.video.id, kinds=(kind,))
            lines = [(one.span, _flat(one.text)) for one in stored if one.question is None and one.text.strip()]
            if lines:
                return sorted(lines)
        return []

    def captions_at(self, times_s: Sequence[float]) -> list[Line]:
        """A caption for each time: the stored one that is nearest, else one written by looking. Raises MissingPart."""
        self.seen_s += times_s
        stored = self.stored_captions()
        if stored:
            return [
                min(stored, key=lambda line: (max(line[0].start_s - at, at - line[0].end_s, 0.0), -line[0].start_s))
                for at in times_s
            ]
        if not self.sees:
            raise MissingPart(
                "This mode reads captions, and the video has none.",
                "Import captions, read the video with a captioner, or set a model that accepts pictures.",
            )
        seen = list(self.seen_s)
        lines = [
            (TimeSpan(at, at), self.captions.at(self.video, at, lambda when: _flat(self.look([when], CAPTION))))
            for at in times_s
        ]
        self.seen_s = seen
        return lines

    def captions_of_frames(self) -> list[Line]:
        """All stored captions; without any, those of a frame every two seconds, or of as many as a run allows."""
        if stored := self.stored_captions():
            return stored
        count = self.shown.at_most(min(CAPTIONED_FRAMES, int(self.video.duration_s / 2)))
        lines = self.captions_at(evenly(self.video.duration_s, max(1, count)))
        self.seen_s.clear()
        return lines

    def all_lines(self) -> list[Line]:
        """All captions, or those of evenly spaced frames, and what is said unless a run leaves it out."""
        times = evenly(self.video.duration_s, max(1, self.shown.count(self.video.duration_s)))
        return sorted([*(self.stored_captions() or self.captions_at(times)), *self.said()])

    def said(self) -> list[Line]:
        """What is said, unless the run leaves speech out."""
        if self.shown.subtitles is Subtitles.NONE:
            return []
        return [(one.span, f'"{_flat(one.text)}"') for one in self.parts.library.utterances(self.video.id)]

    def told_frames(self, lines: Sequence[Line]) -> str:
        """Captions of frames, each with its time, and then what is said."""
        speech = self.fitting(self.said(), 0.25)
        return self.fitting(lines, 0.35) + (f"\nWhat is said:\n{speech}" if speech else "")

    def fitting(self, lines: Sequence[Line], share: float = 0.6) -> str:
        """Lines with their times, as many as fit into a share of the model's context."""
        room = int(self.chat.capabilities.context * share)
        return "\n".join(fitting_lines([f"[{clock(span.start_s)}] {text}" for span, text in lines], room))

    @property
    def question(self) -> str:
        """The question, with its options and their letters."""
        return "\n".join(filter(None, (f"Question: {self.case.question}", lettered(self.case.options))))

    @property
    def wanted(self) -> str:
        """The form of the last reply, in words for the model."""
        if self.case.options:
            return "Reply with the letter of the best option only."
        return f"Answer briefly. {REFUSE}"

    def answer(self, text: str, cited: Sequence[Citation], *, option: int | None = None) -> Answer:
        """The last reply as an answer."""
        usage = Usage(
            time.monotonic() - self._started,
            self._steps,
            len(set(self.seen_s)),
            self._prompt_tokens,
            self._output_tokens,
        )
        return answer_of(text, self.case, cited, usage, option=option)

    def _counted(self, completion: Completion) -> Completion:
        self._steps += 1
        self._prompt_tokens += completion.prompt_tokens
        self._output_tokens += completion.output_tokens
        return completion


class PublishedAgent(ABC):
    """A loop from a paper, over our ports. A subclass writes `solve` alone."""

    def __init__(self, parts: Callable[[], AgentParts], shown: ModeMaterial = DEFAULT) -> None:
        self._parts = parts
        self._shown = shown
        self._captions = Captions()

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The agent's answer. Raises LongreelError."""
        parts = self._parts()
        if parts.chat is None:
            raise MissingPart("This mode needs a language model.", "Set LONGREEL_LLM_URL, or use another mode.")
        return self.solve(Work(parts.chat, parts, case, video, self._shown, self._captions, cancelled))

    @abstractmethod
    def solve(self, work: Work) -> Answer:
        """Answers one question."""


def as_object(text: str) -> dict[str, Any]:
    """The JSON object in a text; empty where there is none."""
    value = json_in(text)
    return value if isinstance(value, dict) else {}


def as_number(value: object, least: int, most: int) -> int | None:
    """A whole number that a model wrote, as a number or as text; None outside of the bounds."""
    try:
        number = int(float(str(value)))
    except (ValueError, OverflowError):
        return None
    return number if least <= number <= most else None


def _flat(text: str) -> str:
    return " ".join(text.split())
