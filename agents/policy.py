"""Who chooses the steps of an answer: the model (loop), or a fixed order of small steps (pipeline).

What the model or its server can do decides, never its name: reading tools, observations and pictures takes a context
that small packaged models do not have. A model behind an unknown server gets the loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.parts import AgentParts

LEAST_CONTEXT = 12_000
"""Tokens a model must read at once to drive the loop: instructions, a few pages of transcript, and a look."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The mode, and why it was chosen."""

    mode: Literal["loop", "pipeline"]
    reason: str


def choose_policy(parts: AgentParts) -> Policy:
    """The setting's mode; where it leaves that open, what the model can do. Raises WorkerFailed: its server is away."""
    if parts.chat is None:
        return Policy("pipeline", "no language model is connected")
    if parts.settings.mode != "auto":
        return Policy(parts.settings.mode, "LONGREEL_AGENT__MODE")
    context = parts.chat.capabilities.context
    mode: Literal["loop", "pipeline"] = "loop" if context >= LEAST_CONTEXT else "pipeline"
    return Policy(mode, f"the language model reads {context} tokens at once")
