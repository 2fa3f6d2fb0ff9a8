"""Trivial frame selectors for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.ports import FrameFetch
from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing


class FakeFrameSelector:
    """Takes the first frames that are not blank. Implements `FrameSelector`."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any) -> FakeFrameSelector:
        """It has nothing to set."""
        del settings, workers
        return cls()

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "fake"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port."""
        return worth_showing(candidates)[: max(budget, 0)]


class FakeQueryFrameSelector:
    """Takes the first frames that are not blank, and records the questions. Implements `QueryFrameSelector`."""

    def __init__(self) -> None:
        self.questions: list[str] = []

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any) -> FakeQueryFrameSelector:
        """It has nothing to set."""
        del settings, workers
        return cls()

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "fake"

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        """See the port."""
        del fetch
        self.questions.append(question)
        return worth_showing(candidates)[: max(budget, 0)]
