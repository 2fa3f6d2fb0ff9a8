"""What one answer may cost: steps, frames, tokens and seconds, in one place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from app.core.errors import Cancelled
from app.core.settings import Agent
from app.core.types import Completion, Usage

RESERVED_TOKENS = 3000
"""Left for the answer and its judge when the rest is used up."""
JUDGING_SHARE = 0.85
"""The share of the time after which no further step begins, so that what was found can still be judged."""


class Budget:
    """Counts what an answer has used, and says when to stop. One for each question; safe to use from threads."""

    def __init__(self, limits: Agent, cancelled: Callable[[], bool], spent: Usage | None = None) -> None:
        """`spent`: what the same answer had cost before it was interrupted."""
        self.limits = limits
        self._cancelled = cancelled
        self._spent = spent or Usage()
        self._started = time.monotonic() - self._spent.seconds
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises Cancelled once the answer is no longer wanted."""
        if self._cancelled():
            raise Cancelled("The question was cancelled.")

    def is_over(self) -> bool:
        """Whether a model that is writing should stop: cancelled, or out of time."""
        return self._cancelled() or not self.has_time

    def take_step(self) -> None:
        """Counts a turn in which tools are used, or a step of the pipeline. Raises Cancelled."""
        self.check()
        with self._lock:
            self._spent = replace(self._spent, steps=self._spent.steps + 1)

    def take_frames(self, count: int) -> int:
        """Reserves frames to look at: how many of those wanted are still allowed."""
        with self._lock:
            allowed = max(0, min(count, self.frames_left))
            self._spent = replace(self._spent, frames=self._spent.frames + allowed)
            return allowed

    def spend(self, completion: Completion) -> Completion:
        """Counts the tokens of a completion and returns it."""
        with self._lock:
            read = self._spent.prompt_tokens + completion.prompt_tokens
            written = self._spent.output_tokens + completion.output_tokens
            self._spent = replace(self._spent, prompt_tokens=read, output_tokens=written)
        return completion

    @property
    def has_step(self) -> bool:
        """Whether the model may use tools once more."""
        in_time = self.seconds < JUDGING_SHARE * self.limits.max_seconds
        return self.steps_left > 0 and in_time and self.tokens_left > RESERVED_TOKENS

    @property
    def has_time(self) -> bool:
        """Whether a model may be asked once more."""
        return self.seconds < self.limits.max_seconds

    @property
    def steps_left(self) -> int:
        """Turns with tools that are left."""
        return max(0, self.limits.max_steps - self._spent.steps)

    @property
    def frames_left(self) -> int:
        """Frames that may still be looked at."""
        return max(0, self.limits.max_frames - self._spent.frames)

    @property
    def tokens_left(self) -> int:
        """Tokens that may still be read and written."""
        return max(0, self.limits.max_tokens - self._spent.prompt_tokens - self._spent.output_tokens)

    @property
    def seconds(self) -> float:
        """Since the question was asked."""
        return time.monotonic() - self._started

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return replace(self._spent, seconds=self.seconds)

    def __str__(self) -> str:
        left_s = max(0.0, self.limits.max_seconds - self.seconds)
        return f"{self.steps_left} steps, {self.frames_left} frames, {self.tokens_left // 1000}k tokens, {left_s:.0f} s"
