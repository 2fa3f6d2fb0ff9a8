"""The control that an agent must beat: the same model, evenly spaced frames and the transcript, one prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import Cancelled, MissingPart
from app.core.timecode import clock
from app.core.types import Answer, Frame, Message, SegmentKind, TimeSpan, Usage, Video, text_tokens
from app.evaluation.cases import Case
from app.evaluation.modes.material import (
    DEFAULT,
    ModeMaterial,
    Subtitles,
    evenly,
    fitting_frames,
    fitting_lines,
    frame_tokens,
)
from app.evaluation.modes.reply import REFUSE, answer_of, cited_frames
from app.evaluation.official import Prompt

if TYPE_CHECKING:
    from agents.parts import AgentParts

Line = tuple[TimeSpan, str]
_OPTION_TOKENS, _TEXT_TOKENS = 64, 400
_UNKNOWN_CONTEXT = 32_000
"""Tokens that a vision model without a chat model is taken to read."""


class NoAgent:
    """One prompt, one reply.

    Frames are shown if the chat model accepts pictures; where it does not and there is a vision model of its own, that
    one is asked. A transcript that does not fit loses lines evenly. Where a video has no pictures, its imported
    captions are shown. A reply that names no option is no answer. What was shown is cited, unchecked.
    """

    def __init__(self, parts: Callable[[], AgentParts], prompt: Prompt, shown: ModeMaterial = DEFAULT) -> None:
        self._parts = parts
        self._prompt = prompt
        self._shown = shown

    def __call__(self, case: Case, video: Video, cancelled: Callable[[], bool]) -> Answer:
        """What the model replied, read strictly."""
        started = time.monotonic()
        parts = self._parts()
        if parts.chat is None and parts.vision is None:
            raise MissingPart("A prompt needs a language model.", "Set one, or use another mode.")
        if cancelled():
            raise Cancelled("The question was cancelled.")
        chat_sees = parts.chat is not None and parts.chat.capabilities.images
        context = parts.chat.capabilities.context if parts.chat else _UNKNOWN_CONTEXT
        prompt = self._asked(case, subtitles=False)
        max_output = _OPTION_TOKENS if case.options else _TEXT_TOKENS
        room = context - max_output - text_tokens(prompt) - text_tokens(self._prompt.system)
        stream, count = video.media.video, self._shown.count(video.duration_s)
        frames: list[Frame] = []
        if stream is not None and count and (chat_sees or parts.vision is not None):
            # small enough to leave room for the text, and fewer where even small ones do not fit
            fewer, side = fitting_frames(stream, count, room // 2)
            times_s = evenly(video.duration_s, fewer)
            frames = list(parts.frames.at(Path(video.path), times_s, max_side=side))
        room -= sum(frame_tokens(*frame.image.shape[:2]) for frame in frames)
        lines = self._lines(parts, video, frames)
        content = self._content(frames, lines, room, self._asked(case, subtitles=bool(lines)))
        if parts.chat is not None and (chat_sees or not frames):
            system = [Message("system", self._prompt.system)] if self._prompt.system else []
            messages = [*system, Message("user", content)]
            reply = parts.chat.chat(messages, max_output=max_output, stop=cancelled)
        else:
            assert parts.vision is not None
            texts = [self._prompt.system, *(part for part in content if isinstance(part, str))]
            reply = parts.vision.look(frames, "\n".join(filter(None, texts)))
        usage = Usage(time.monotonic() - started, 1, len(frames), reply.prompt_tokens, reply.output_tokens)
        return answer_of(reply.text, case, cited_frames(video, [frame.pts_s for frame in frames]), usage)

    def _asked(self, case: Case, *, subtitles: bool) -> str:
        if self._shown.official:
            return self._prompt.of(case, subtitles=subtitles)
        if case.options:
            return self._prompt.of(case)
        return f"{case.question}\nAnswer briefly. {REFUSE}"

    def _lines(self, parts: AgentParts, video: Video, frames: Sequence[Frame]) -> list[Line]:
        """What may be read: what is said, and what is captioned where there are no pictures."""
        library, shown = parts.library, self._shown
        lines: list[Line] = []
        if shown.subtitles is not Subtitles.NONE and (self._prompt.reads_subtitles or not shown.official):
            lines = [(one.span, " ".join(one.text.split())) for one in library.utterances(video.id)]
        if shown.subtitles is Subtitles.FRAMES or (
            shown.official and (self._prompt.interleaved or self._prompt.of_frames)
        ):
            lines = [(span, text) for span, text in lines if any(span.contains(frame.pts_s) for frame in frames)]
        if video.media.video is None:
            captions = library.segments(video.id, kinds=(SegmentKind.CAPTION,))
            lines += [(one.span, " ".join(one.text.split())) for one in captions if one.question is None]
        return sorted(lines)

    def _content(
        self, frames: Sequence[Frame], lines: Sequence[Line], room: int, prompt: str
    ) -> tuple[str | Frame, ...]:
        if not self._shown.official:
            speech = fitting_lines([f"[{clock(span.start_s)}] {text}" for span, text in lines], room)
            labelled = (part for frame in frames for part in (f"The frame at {clock(frame.pts_s)}:", frame))
            return (*labelled, *(["What is said:\n" + "\n".join(speech)] if speech else []), prompt)
        if self._prompt.interleaved:
            timed: list[tuple[float, str | Frame]] = [(frame.pts_s, frame) for frame in frames]
            timed += [(span.middle_s, text) for span, text in lines]
            return (*(part for _, part in sorted(timed, key=lambda one: one[0])), prompt)
        spoken = fitting_lines([text for _, text in lines], room)
        subtitles = [f"{self._prompt.subtitles}\n" + "\n".join(spoken)] if spoken else []
        return (*frames, *subtitles, prompt)
