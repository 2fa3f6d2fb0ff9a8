"""How the steps of an answer are chosen: by rules, one small decision at a time, or by the language model with tools.

A small model decides badly what to do next, and a large one is held back by rules. So `auto` is guided below 7 billion
parameters and free from there on. The size is what the model's name tells ("Qwen3-8B", "llama3.1:70b", "8x7B"), as
names of models do everywhere; a model whose name tells none is guided until `LONGREEL_AGENT__MODE=free` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agents.budget import Budget
from agents.state import Work
from app.core.types import Usage

if TYPE_CHECKING:
    from agents.agent import AgentParts

LARGE = 7.0
"""Billions of parameters from which a model chooses its steps."""

_SIZE = re.compile(r"(?<![a-z0-9.])(?:(?P<experts>\d+)x)?(?P<billions>\d+(?:\.\d+)?)b(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class Mode:
    """Who chooses the steps, and why."""

    name: Literal["guided", "free"]
    reason: str


def mode_of(parts: AgentParts) -> Mode:
    """The mode of the settings; where they leave it open, that of the language model's size."""
    model = parts.language_model
    if model is None:
        return Mode("guided", "there is no language model")
    if parts.settings.mode != "auto":
        return Mode(parts.settings.mode, "the setting")
    size = billions(model.model)
    if size is None:
        return Mode("guided", "the name of the language model tells no size")
    told = f"the language model has {size:g} billion parameters"
    return Mode("free", told) if size >= LARGE else Mode("guided", f"{told}, fewer than {LARGE:g}")


def billions(model: str) -> float | None:
    """How many billions of parameters a model's name tells; the whole of a mixture of experts. None for none."""
    match = _SIZE.search(model.partition("@")[0].lower())
    return float(match["billions"]) * int(match["experts"] or 1) if match else None


def work_of(parts: AgentParts, cancelled: Callable[[], bool], spent: Usage | None = None) -> Work:
    """What the nodes of one run share, with the budget of its mode. `spent`: what it has cost before a crash."""
    limits = parts.settings
    if mode_of(parts).name == "free":
        limits = limits.model_copy(update={"max_tokens": max(limits.max_tokens, limits.free_tokens)})
    return Work(parts, Budget(limits, cancelled, spent))
