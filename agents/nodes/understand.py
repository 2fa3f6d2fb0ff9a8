"""Understand: a question of a conversation that points back becomes a whole one, by rules, else by the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.followups import FollowUp, carries, points_back, resolved
from agents.prompts import conversation
from agents.state import AgentState, Work
from agents.writing import write
from app.core.errors import Cancelled, LongreelError
from app.core.events import Understood
from app.core.types import Message, Turn

SHOWN = 2
"""Turns that the model sees."""
SHOWN_CHARACTERS = 240

_SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string", "maxLength": 240}},
    "required": ["question"],
    "additionalProperties": False,
}


def understand(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["plan"]]:
    """Puts in what was asked, answered and cited before; a question that stands alone is left as it is.

    A plan that was given tells the whole question itself.
    """
    asked, given = state["question"], state["given"]
    found = FollowUp(given.question) if given else understood(asked, state["turns"], runtime.context)
    if found is None or found.question == asked:
        return Command(goto="plan")
    runtime.stream_writer(Understood(asked, found.question, found.by))
    place = found.place or (found.anchor.at if found.anchor else None)
    videos = [v for v in state["videos"] if place is None or v.id == place.video_id]
    if not videos:
        return Command(goto="plan", update={"question": found.question})
    update = {"question": found.question, "wording": found.wording, "videos": videos, "cited": found.anchor}
    return Command(goto="plan", update=update)


def understood(asked: str, turns: Sequence[Turn], work: Work) -> FollowUp | None:
    """The whole question, by rules or else by the model; None for one that stands alone or is not understood."""
    found = resolved(asked, turns)
    if found is None and turns and points_back(asked):
        found = _by_model(asked, turns, work)
    return found


def _by_model(asked: str, turns: Sequence[Turn], work: Work) -> FollowUp | None:
    """The language model's whole question; None without a model, or when it forgets what was asked."""
    told = "\n".join(
        f"Question: {turn.understood}\nAnswer: {' '.join(turn.answer.text.split())[:SHOWN_CHARACTERS]}"
        for turn in turns[-SHOWN:]
    )
    messages = [*conversation("follow_up"), Message("user", f"{told}\nFollow-up: {asked}")]
    try:
        text = write(work, messages, max_tokens=80, schema=_SCHEMA)
        reply: Any = json.loads(text or "{}")
        whole = str(reply["question"]).strip()
    except Cancelled:
        raise
    except (LongreelError, ValueError, KeyError, TypeError):
        return None
    return FollowUp(whole, by="model") if whole and carries(asked, whole, turns) else None
