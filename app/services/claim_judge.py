"""Asks a capable model whether quotes say what written sentences say, all in one call.

Code compares numbers, codes, titles of persons and modality first (`app.services.claim_support`); the model judges what
remains. Small packaged models write and judge no sentences of their own: their verdicts are hardly better than chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from agents.policy import LEAST_CONTEXT
from app.core.errors import ToolRefused
from app.core.ports import Chat
from app.core.types import Citation, Message
from app.services.claim_support import keeps_facts

TOKENS_A_VERDICT = 80
RULES = (
    "You check sentences of a summary against quotes from a video. A sentence is supported only if its quotes, alone, "
    "say it: the same person or thing does it, it is as certain as there (done, planned, proposed, possible, asked, "
    "on a condition), and nothing is added. 'Moves to postpone' does not support 'has postponed'."
)

Claims = Sequence[tuple[str, Sequence[Citation]]]
"""Sentences, each with the quotes that it rests on."""


class _Verdict(BaseModel):
    number: int
    reason: str = Field("", description="in a few words")
    verdict: Literal["yes", "unclear", "no"]


class _Verdicts(BaseModel):
    verdicts: list[_Verdict]


def can_write(model: Chat | None) -> bool:
    """Whether a model may write sentences, and judge them. Raises WorkerFailed when its server is away."""
    return model is not None and model.capabilities.context >= LEAST_CONTEXT


def judge_claims(model: Chat, claims: Claims, stop: Callable[[], bool] | None = None) -> list[bool]:
    """Whether each claim is supported; what the model does not say counts as no. Raises WorkerFailed, Cancelled."""
    exact = [bool(quotes) and keeps_facts(text, quotes) for text, quotes in claims]
    open_claims = [number for number, is_exact in enumerate(exact) if is_exact]
    if not open_claims:
        return exact
    prompt = ""
    for number in open_claims:
        text, quotes = claims[number]
        lines = "\n".join(f'- "{" ".join(quote.quote.split())}"' for quote in quotes)
        prompt += f"Sentence {number}: {text}\nQuotes:\n{lines}\n\n"
    messages = [Message("system", RULES), Message("user", f"{prompt}Give a verdict on each sentence.")]
    limit = 100 + TOKENS_A_VERDICT * len(open_claims)
    try:
        reply = model.chat(messages, max_output=limit, schema=_Verdicts.model_json_schema(), stop=stop).text
        verdicts = _Verdicts.model_validate_json(reply).verdicts
    except (ToolRefused, ValidationError):
        return [False] * len(claims)
    supported = {one.number for one in verdicts if one.verdict == "yes"}
    denied = {one.number for one in verdicts if one.verdict != "yes"}
    return [number in supported - denied and exact[number] for number in range(len(claims))]
