"""A selection without mathematics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import worth_showing


class FakeFrameSelector:
    """Takes the first frames that are not blank. Plays `FrameSelector`."""

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
