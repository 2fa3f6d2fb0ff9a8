"""What chat programs ask on their own, such as a title for a conversation. No video is searched for it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

MOST_WORDS = 6
LONGEST = 50

_KEYS = re.compile(r"""["'](title|tags|follow_ups|queries|text)["']\s*:""")
"""The field of the JSON that is wanted, as the program's example shows it."""
_TITLE = re.compile(r"\b(?:generate|create|write|provide|suggest|make)\b.{0,80}\btitle\b", re.IGNORECASE | re.DOTALL)
_ABOUT_CHAT = re.compile(r"\b(?:conversation|chat|chat history|dialogue)\b", re.IGNORECASE)
_FIRST = re.compile(r"^\s*(?:user|human)\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def task_reply(prompt: str, earlier: Sequence[str]) -> str | None:
    """The reply to a program's own request, made from the first question; None if it is a question of a user.

    `earlier`: what the user asked before, oldest first. Such a request speaks of the conversation, and begins with
    "### Task", wants a field of JSON, or wants a title.
    """
    keys = _KEYS.findall(prompt)
    is_task = prompt.lstrip().lower().startswith("### task") or bool(keys) or _TITLE.search(prompt) is not None
    if not is_task or not _ABOUT_CHAT.search(prompt):
        return None
    match = _FIRST.search(prompt)
    first = match[1] if match else earlier[0] if earlier else ""
    title = " ".join(first.strip().rstrip("?!.").split()[:MOST_WORDS])[:LONGEST].strip() or "Videos"
    if not keys:
        return title
    values = {"title": title, "tags": ["Video"], "follow_ups": [], "queries": [], "text": ""}
    return json.dumps({keys[0]: values[keys[0]]}, ensure_ascii=False)
