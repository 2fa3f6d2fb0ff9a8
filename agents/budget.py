"""What one answer may cost: steps, frames, tokens and seconds, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.core.errors import Cancelled
from app.core.settings import Agent
from app.core.types import Completion, Usage


class Budget:
    """Counts what an answer has used, and says when to stop. One for each question."""

    def __init__(self, limits: Agent, cancelled: Callable[[], bool], spent: Usage | None = None) -> None:
        """`spent`: what the same answer has cost before it was interrupted."""
        self._limits = limits
        self._cancelled = cancelled
        before = spent or Usage()
        self._started = time.monotonic() - before.seconds
        self._steps, self._frames = before.steps, before.frames
        self._prompt_tokens, self._output_tokens = before.prompt_tokens, before.output_tokens

    def step(self) -> None:
        """Counts a search or a look. Raises Cancelled when that was asked for."""
        self.check()
        self._steps += 1

    def check(self) -> None:
        """Raises Cancelled when that was asked for."""
        if self._cancelled():
            raise Cancelled("The question was cancelled.")

    def is_over(self) -> bool:
        """Whether a model that is writing should stop: cancelled, or out of time."""
        return self._cancelled() or self._seconds >= self._limits.max_seconds

    def frames(self, wanted: int) -> int:
        """How many of the wanted frames may still be decoded."""
        return max(0, min(wanted, self._limits.max_frames - self._frames))

    def spend_frames(self, count: int) -> None:
        """Counts decoded frames."""
        self._frames += count

    def spend(self, completion: Completion) -> Completion:
        """Counts the tokens of a completion and hands it on."""
        self._prompt_tokens += completion.prompt_tokens
        self._output_tokens += completion.output_tokens
        return completion

    @property
    def has_step(self) -> bool:
        """Whether another search or look fits: steps and time are left."""
        return self._steps < self._limits.max_steps and self._seconds < 0.5 * self._limits.max_seconds

    @property
    def has_words(self) -> bool:
        """Whether the language model may be asked once more."""
        used = self._prompt_tokens + self._output_tokens
        return used + 500 <= self._limits.max_tokens and self._seconds < self._limits.max_seconds

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return Usage(self._seconds, self._steps, self._frames, self._prompt_tokens, self._output_tokens)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started
