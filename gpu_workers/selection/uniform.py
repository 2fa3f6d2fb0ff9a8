"""Evenly spaced frames: the simplest selection, and the one to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.settings import Settings
from app.core.types import FrameFeatures
from gpu_workers.selection.blank import evenly, worth_showing


class UniformSelector:
    """Takes the middle of each of `budget` equal parts. Implements `FrameSelector`."""

    @classmethod
    def from_settings(cls, settings: Settings, workers: Any) -> UniformSelector:
        """It has nothing to set."""
        del settings, workers
        return cls()

    @property
    def name(self) -> str:
        """The method's name in settings."""
        return "uniform"

    def select(self, candidates: Sequence[FrameFeatures], budget: int) -> list[int]:
        """See the port."""
        return evenly(worth_showing(candidates), budget)
