"""Follow-up questions, written out by the model. Models that drive the loop read the earlier turns instead."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from agents.budget import Budget
from agents.llm import ask_json
from agents.parts import AgentParts
from agents.prompts import prompt
from app.core.errors import Cancelled, LongreelError
from app.core.types import Message, Turn

REMEMBERED = 2
"""Earlier turns that a small model is shown."""


class Whole(BaseModel):
    """What the model replies."""

    question: str = Field(max_length=300)


def whole_question(question: str, turns: Sequence[Turn], parts: AgentParts, budget: Budget) -> str:
    """The question as it would be asked without the turns before it; itself where no model can say."""
    if not turns or parts.chat is None:
        return question
    before = "\n".join(f"Q: {turn.understood}\nA: {turn.answer.text}" for turn in turns[-REMEMBERED:])
    ask = f"{before}\n\nNew question: {question}"
    try:
        messages = [Message("system", prompt("follow_up")), Message("user", ask)]
        return ask_json(parts.chat, messages, Whole, budget=budget, max_output=120).question.strip() or question
    except Cancelled:
        budget.check()
        return question
    except LongreelError:
        return question
