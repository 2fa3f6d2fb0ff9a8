"""Conversations: the questions of the open one, and earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas.threads import ConversationOut, ThreadOut
from ui.render.answers import outcome
from ui.render.templates import fill


def conversations(opened: ConversationOut | None, threads: Sequence[ThreadOut]) -> Markup:
    """The turns of the open conversation, oldest first, and below it the others."""
    others = [one for one in threads if one.turn_count and (opened is None or one.id != opened.id)]
    return fill("conversations.html", opened=opened, others=others, outcome=outcome)
