"""The words that a benchmark's own script puts around frames, subtitles, question and options.

They are sent as they stand where a run asks for the official prompt (`Material.official`): nothing of ours before or
after them, no times beside the frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from app.evaluation.cases import Case


@dataclass(frozen=True, slots=True)
class Prompt:
    """One benchmark's prompt."""

    before: str = ""
    after: str = "Answer with the option's letter from the given choices directly."
    question: str = "Question: "
    system: str = ""
    """The system message, where the script has one."""
    bracketed: bool = False
    """Whether options are written (A) rather than A."""
    heading: str = ""
    """The line before the options, where there is one."""
    subtitles: str = ""
    """The line before the subtitles; empty where the script shows none, or shows them between the frames."""
    before_with_subtitles: str = ""
    """Replaces `before` where subtitles are shown."""
    of_frames: bool = False
    """Whether only the subtitles of the frames that are shown are listed."""
    interleaved: bool = False
    """Whether what is said stands between the frames, after the frame that it follows."""

    @property
    def reads_subtitles(self) -> bool:
        """Whether the official script shows subtitles at all."""
        return bool(self.subtitles) or self.interleaved

    def of(self, case: Case, *, subtitles: bool = False) -> str:
        """Question and options with the words around them; an open question is asked as it is.

        `subtitles`: whether some are shown.
        """
        if case.asked or not case.options:
            return case.asked or case.question
        listed = lettered(case.options, bracketed=self.bracketed)
        before = (subtitles and self.before_with_subtitles) or self.before
        parts = (before, f"{self.question}{case.question}", self.heading, listed, self.after)
        return "\n".join(part for part in parts if part)


def lettered(options: Sequence[str], *, bracketed: bool = False) -> str:
    """Options as lines with letters."""
    marks = (f"({letter})" if bracketed else f"{letter}." for letter in ascii_uppercase)
    return "\n".join(f"{mark} {option}" for mark, option in zip(marks, options, strict=False))


PLAIN = Prompt()
LETTER_ONLY = "Respond with only the letter ({letters}) of the correct option."
_SELECT = "Select the best answer to the following multiple-choice question based on the video. "
_LISTED = "This video's subtitles are listed below:"
VIDEO_MME = Prompt(
    before=_SELECT + LETTER_ONLY.format(letters="A, B, C, or D"),
    after="The best answer is:",
    question="",
    subtitles=_LISTED,
    before_with_subtitles=_SELECT.replace("the video.", "the video and the subtitles.")
    + LETTER_ONLY.format(letters="A, B, C, or D"),
    of_frames=True,
)
VIDEO_MME_V2 = Prompt(after=_SELECT + LETTER_ONLY.format(letters="A, B, C, D, E, F, G, or H"), subtitles=_LISTED)
LONG_VIDEO_BENCH = Prompt(interleaved=True)
LV_BENCH = Prompt(question="", after="Answer the question with the option letter")
MLVU = Prompt(
    system="Carefully watch this video and pay attention to every detail. "
    "Based on your observations, select the best option that accurately addresses the question.",
    after="Only give the best option.\nBest option: (",
    bracketed=True,
    heading="Options:",
)
LV_HAYSTACK = Prompt(before="Select the best answer to the question below. Answer with the option's letter.", after="")
VIDEO_VISTA = Prompt(question="", bracketed=True, heading="Options:")
