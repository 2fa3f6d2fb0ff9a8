"""How passages are shown to a language model, and how its reply is read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.patterns import any_of
from agents.state import Passage
from agents.wording import clock
from app.core.types import SegmentKind

MAX_CHARACTERS = 320
"""What one passage may take in a prompt."""

LABELS = {
    SegmentKind.SPEECH: "speech",
    SegmentKind.SCREEN_TEXT: "on screen",
    SegmentKind.CAPTION: "tags",
    SegmentKind.VISUAL: "seen",
    SegmentKind.SUMMARY: "summary",
}
"""What each kind of evidence is called in a prompt."""

_REFUSAL = any_of(r"""
    not (?:in (?:the )?video|mentioned|stated|said|given|provided|specified|shown|answerable|available)
    (?:does|do|did)(?: not|n't) (?:say|state|mention|show|specify|contain|provide|tell|give|answer|indicate)
    (?:no|none of the) (?:excerpts?|information|mention|answer|evidence)|cannot be answered|unknown
""")
_NOTHING = re.compile(r"\W*(?:none|n/?a)\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered: which passages it named and what it says; a refusal has no text."""

    ids: tuple[str, ...]
    text: str

    @property
    def refuses(self) -> bool:
        """Whether the model says that the passages hold no answer."""
        return not self.text


def excerpts(passages: Sequence[Passage], limit: int = MAX_CHARACTERS) -> str:
    """One line a passage: [E1] 0:21 speech: "..."."""
    return "\n".join(
        f'[{p.id}] {clock(p.span.start_s)} {LABELS[p.kind]}: "{shortened(p.text, limit)}"' for p in passages
    )


def shortened(text: str, limit: int) -> str:
    """A text on one line, cut after a word."""
    line = " / ".join(part.strip() for part in text.splitlines() if part.strip()).replace('"', "'")
    return line if len(line) <= limit else line[: limit - 1].rsplit(" ", 1)[0] + "…"


def answer_schema(ids: Sequence[str]) -> dict[str, object]:
    """JSON schema of an answer that names one passage first."""
    return {
        "type": "object",
        "properties": {"evidence": {"enum": [*ids, "none"]}, "answer": {"type": "string", "maxLength": 240}},
        "required": ["evidence", "answer"],
        "additionalProperties": False,
    }


def read_answer(text: str) -> Reply | None:
    """The reply in a model's JSON; None when it cannot be read. Cut off JSON is read as far as it goes."""
    try:
        data = json.loads(text)
    except ValueError:
        match = re.search(r'"evidence"\s*:\s*"(E\d+|none)"\s*,\s*"answer"\s*:\s*"([^"]*[.!?])', text)
        if not match:
            return None
        data = {"evidence": match[1], "answer": match[2]}
    if not isinstance(data, dict):
        return None
    evidence, answer = str(data.get("evidence", "none")), str(data.get("answer", "")).strip()
    if evidence == "none" or refuses(answer):
        return Reply((), "")
    return Reply((evidence,), answer)


def refuses(text: str) -> bool:
    """Whether a text says that it has no answer."""
    return not text.strip() or bool(_NOTHING.fullmatch(text) or _REFUSAL.search(text))
