"""What an agent is compared with: its chat model in one prompt, and no language model at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.core.errors import Cancelled, MissingPart
from app.core.timecode import clock
from app.core.types import Answer, AnswerStatus, Citation, Frame, Message, SegmentKind, TimeSpan, Usage, Video
from app.evaluation.cases import Case
from app.evaluation.datasets.choices import Prompt, read_letter
from app.evaluation.modes.views import evenly

if TYPE_CHECKING:
    from agents.parts import AgentParts

NEAREST = 5
"""Passages by which the nearness of an option is measured."""
REFUSAL = "The video does not say."
SIDES = (768, 512, 384)
"""Longest sides of the frames of a prompt, in pixels: the largest with which they take at most half of it."""
_PIXELS_A_TOKEN = 750
_BYTES_A_TOKEN = 3
"""Rough and on the safe side: English has four letters a token, Chinese three bytes."""
_OPTION_TOKENS, _TEXT_TOKENS = 64, 400


@dataclass(frozen=True, slots=True)
class PromptMaterial:
    """What one prompt shows of a video."""

    frames: int | None = None
    """Evenly spaced frames; None: 32, or 64 of a video of more than five minutes."""
    subtitles: bool = True
    """Whether the whole transcript is shown as well."""

    def count(self, duration_s: float) -> int:
        """How many frames are shown of a video of this length."""
        return (64 if duration_s > 300 else 32) if self.frames is None else self.frames

    def __str__(self) -> str:
        frames = "32 or 64 frames" if self.frames is None else f"{self.frames} frames"
        return f"{frames}, {'with' if self.subtitles else 'without'} transcript"


class PromptAsker:
    """The control that an agent must beat: the same chat model, frames and transcript, one prompt, one reply.

    Frames are shown if the model accepts pictures. A transcript that does not fit loses lines evenly. Where a video
    has no pictures, its imported captions are shown. A reply that names no option is no answer. What was shown is
    cited, unchecked.
    """

    def __init__(
        self, parts: Callable[[], AgentParts], prompt: Prompt, shown: PromptMaterial = PromptMaterial()
    ) -> None:
        self._parts = parts
        self._prompt = prompt
        self._shown = shown

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """What the model replied, read strictly."""
        started = time.monotonic()
        parts = self._parts()
        chat = parts.chat
        if chat is None:
            raise MissingPart("A prompt needs a language model.", "Set one, or use another mode.")
        if cancelled():
            raise Cancelled("The question was cancelled.")
        asked = self._asked(case)
        max_output = _OPTION_TOKENS if case.options else _TEXT_TOKENS
        room = chat.capabilities.context - max_output - _tokens(asked)
        frames = self._frames(parts, video, room // 2) if chat.capabilities.images else []
        room -= sum(_frame_tokens(*frame.image.shape[:2]) for frame in frames)
        lines = _fitting(self._lines(parts, video), room)
        content = (
            *(part for frame in frames for part in (f"The frame at {clock(frame.pts_s)}:", frame)),
            *(["What is said:\n" + "\n".join(lines)] if lines else []),
            asked,
        )
        reply = chat.chat([Message("user", content)], max_output=max_output, stop=cancelled)
        used = (reply.prompt_tokens, reply.output_tokens)
        usage = Usage(time.monotonic() - started, 1, len(frames), *used)
        return _read(reply.text.strip(), case, _shown_moments(video, frames), usage)

    def _asked(self, case: Case) -> str:
        if case.options:
            return self._prompt.of(case)
        return f"{case.question}\nAnswer briefly. If the video does not answer this, reply exactly: {REFUSAL}"

    def _frames(self, parts: AgentParts, video: Video, room: int) -> list[Frame]:
        """Evenly spaced frames, small enough to leave room for the text; fewer where even small ones do not fit."""
        stream, count = video.media.video, self._shown.count(video.duration_s)
        if stream is None or not count:
            return []
        longest = max(stream.width, stream.height)
        sizes = {side: _frame_tokens(stream.width * side / longest, stream.height * side / longest) for side in SIDES}
        side = next((side for side, tokens in sizes.items() if count * tokens <= room), SIDES[-1])
        times = evenly(video.duration_s, max(1, min(count, room // sizes[side])))
        return list(parts.frames.at(Path(video.path), times, max_side=side))

    def _lines(self, parts: AgentParts, video: Video) -> list[str]:
        """What is said, with times; what is captioned where there are no pictures."""
        library = parts.library
        said = [(one.span, one.text) for one in library.utterances(video.id)] if self._shown.subtitles else []
        if video.media.video is None:
            captions = library.segments(video.id, kinds=(SegmentKind.CAPTION,))
            said += [(one.span, one.text) for one in captions if one.question is None]
        return [f"[{clock(span.start_s)}] {' '.join(text.split())}" for span, text in sorted(said)]


class NearestAsker:
    """The control without a language model: the option that is nearest to what is said or captioned.

    Multiple choice only. An option is as near as its five nearest passages are on average, by the cosine of their
    vectors. The question is left out: with it, fewer of 197 answers on EgoSchema captions were right (40 % instead of
    50 %, all-MiniLM-L6-v2).
    """

    def __init__(self, parts: Callable[[], AgentParts]) -> None:
        self._parts = parts

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """The nearest option, and the passage that it is near to."""
        started = time.monotonic()
        if not case.options:
            needed = "An open question can only be answered by a language model."
            return Answer(AnswerStatus.INSUFFICIENT, needed, missing=(needed,))
        if cancelled():
            raise Cancelled("The question was cancelled.")
        parts = self._parts()
        kinds = (SegmentKind.SPEECH, SegmentKind.CAPTION)
        passages = [one for one in parts.library.segments(video.id, kinds=kinds) if one.question is None]
        if not passages:
            return Answer(AnswerStatus.INSUFFICIENT, "Nothing is said or captioned.", usage=Usage(_since(started)))
        told = parts.text_embedder.embed([one.text for one in passages])
        cosines = [told @ parts.text_embedder.embed_query(option) for option in case.options]
        nearness = [float(np.sort(one)[-NEAREST:].mean()) for one in cosines]
        best = nearness.index(max(nearness))
        passage = passages[int(cosines[best].argmax())]
        cited = Citation(video.id, passage.span, passage.kind, passage.text, passage.frame_s)
        return Answer(
            AnswerStatus.ANSWERED,
            case.options[best],
            citations=(cited,),
            option_index=best,
            usage=Usage(_since(started)),
        )


def _read(text: str, case: Case, shown: tuple[Citation, ...], usage: Usage) -> Answer:
    """A reply as an answer: one option, a text, or a refusal."""
    option = read_letter(text, case.options) if case.options else None
    if not text or (case.options and option is None):
        return Answer(AnswerStatus.INSUFFICIENT, text, usage=usage)
    if not case.options and text.casefold().strip(" .\"'") == REFUSAL.casefold().strip("."):
        return Answer(AnswerStatus.NOT_IN_VIDEO, text, usage=usage)
    return Answer(AnswerStatus.ANSWERED, text, None, shown, option, usage)


def _shown_moments(video: Video, frames: Sequence[Frame]) -> tuple[Citation, ...]:
    """The frames that were shown, or the whole video where it was only read."""
    if not frames:
        return (Citation(video.id, video.media.whole, SegmentKind.SPEECH, ""),)
    return tuple(
        Citation(video.id, TimeSpan(frame.pts_s, frame.pts_s), SegmentKind.VISUAL, "", frame.pts_s) for frame in frames
    )


def _fitting(lines: Sequence[str], tokens: int) -> list[str]:
    """As many lines as fit, left out evenly."""
    size = sum(map(_tokens, lines))
    count = len(lines) if size <= tokens else int(len(lines) * max(0, tokens) / size)
    chosen = [lines[int(place)] for place in evenly(len(lines), count)] if count else []
    while chosen and sum(map(_tokens, chosen)) > tokens:
        count -= 1
        chosen = [lines[int(place)] for place in evenly(len(lines), count)] if count else []
    return chosen


def _tokens(text: str) -> int:
    return len(text.encode()) // _BYTES_A_TOKEN + 1


def _frame_tokens(one_side: float, other_side: float) -> int:
    return int(one_side * other_side / _PIXELS_A_TOKEN) + 1


def _since(started: float) -> float:
    return time.monotonic() - started
