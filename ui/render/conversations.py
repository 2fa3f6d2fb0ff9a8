"""Conversations: the questions of the open one, and earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas.threads import ConversationOut, ThreadOut
from ui.render.answers import BADGES
from ui.render.markup import safe

SHORT = 90
"""Characters of an answer shown in a list."""


def conversations(opened: ConversationOut | None, threads: Sequence[ThreadOut]) -> str:
    """The turns of the open conversation, oldest first, and below it the others."""
    others = [one for one in threads if one.turn_count and (opened is None or one.id != opened.id)]
    return f"{_turns(opened) if opened else ''}{_others(others)}"


def _turns(opened: ConversationOut) -> str:
    items = "".join(
        f'<li><button type="button" class="lr-line" data-show="{safe(one.answer.id)}" '
        f'data-question="{safe(one.question)}"><span>{safe(one.question)}<br>'
        f"<small>{BADGES[one.answer.status][0]}: {safe(one.answer.text[:SHORT])}</small></span></button></li>"
        for one in (opened.turns if len(opened.turns) > 1 else ())
    )
    turns = f'<ol class="lr-lines" aria-label="Questions of this conversation">{items}</ol>' if items else ""
    return (
        '<section class="lr-conversation" aria-label="Conversation"><div class="lr-top"><h3>This conversation</h3>'
        '<button type="button" class="lr-small" data-fresh>New conversation</button></div>'
        f"{turns or '<p><small>A question can refer back: “and after that?”, “who said it?”</small></p>'}</section>"
    )


def _others(threads: Sequence[ThreadOut]) -> str:
    if not threads:
        return ""
    items = []
    for one in threads:
        count = f"{one.turn_count} question" if one.turn_count == 1 else f"{one.turn_count} questions"
        title, id, when = safe(one.title), safe(one.id), safe(one.used_at[:16].replace("T", " "))
        items.append(
            f'<li class="lr-facts"><button type="button" class="lr-line" data-thread="{id}"><span>{title}<br>'
            f"<small>{count}, {when}</small></span></button>"
            f'<button type="button" class="lr-small" data-forget="{id}" aria-label="Delete {title}">&#10005;</button>'
            "</li>"
        )
    return (
        f'<details class="lr-threads"><summary>Earlier conversations ({len(threads)})</summary>'
        f'<ul class="lr-lines">{"".join(items)}</ul></details>'
    )
