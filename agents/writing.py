"""Asks the language model within the budget of an answer: it can be stopped in the middle of a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.state import Work
from app.core.errors import Cancelled
from app.core.types import Message


def write(
    work: Work, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
) -> str | None:
    """What the model writes; None without a model, or when tokens or seconds are used up before it has finished.

    Raises Cancelled when the person who asked cancelled, and what the model raises when it fails.
    """
    model = work.parts.language_model
    if model is None or not work.budget.has_words:
        return None
    try:
        completion = model.complete(messages, max_tokens=max_tokens, schema=schema, stop=work.budget.is_over)
    except Cancelled:
        work.budget.check()
        return None
    return work.budget.spend(completion).text
