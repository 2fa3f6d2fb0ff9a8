"""Lets a capable language model phrase points, and accepts only the sentences that a judge supports.

The model sees only the quoted sentences, numbered, and names the ones behind each sentence that it writes. A sentence
that these do not support (`app.services.claim_judge`) is dropped; the quotes themselves stand in for a text that
loses too many.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.core.errors import ToolRefused
from app.core.paths import readable
from app.core.ports import Chat
from app.core.requests import Style
from app.core.types import Citation, Message
from app.services.claim_judge import can_write, judge_claims
from app.services.summarize.choosing import repeats, shortened
from app.services.summarize.shapes import Point

ENOUGH = 0.4
"""The accepted sentences must have this share of the quotes' words; otherwise the quotes are used."""
MOST_SOURCES = 3
"""Quotes that one sentence may rest on."""
SENTENCES = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "maxItems": 8,
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "maxLength": 260},
                    "notes": {"type": "array", "items": {"type": "integer"}, "maxItems": MOST_SOURCES},
                },
                "required": ["text", "notes"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}
TEXT = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": 400}},
    "required": ["text"],
    "additionalProperties": False,
}
RULES = (
    "You write short, plain summaries. Use only facts from the notes; copy names and numbers exactly. Say who does "
    "what, and whether it is done, planned or proposed, as the notes do. Give the numbers of the notes that each "
    "sentence rests on."
)
TASKS = {
    Style.NEUTRAL: "Say what it is about",
    Style.MINUTES: "Write it as an item of minutes",
    Style.NOTES: "Write it as study notes",
    Style.HIGHLIGHTS: "Say what is most worth watching",
}
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")


class Phraser:
    """Phrases quotes with a language model. If it cannot do that well, the quotes are used as they are.

    A model that fails completely, such as an unreachable server, raises: otherwise the quotes would be stored for good.
    """

    def __init__(self, model: Chat, stop: Callable[[], bool]) -> None:
        """`stop` is checked while the model writes; once it returns True, Cancelled is raised."""
        self._stop = stop
        self._model = model

    def phrase(self, sources: Sequence[Point], style: Style, *, sentences: int, words: int) -> list[Point]:
        """At most `sentences` supported sentences within `words` words; empty if there are too few."""
        if not can_write(self._model):
            return []
        notes = "\n".join(f"{number}. {shortened(point.text, 60)}" for number, point in enumerate(sources, 1))
        count = "one sentence" if sentences == 1 else f"at most {sentences} sentences"
        task = f"{TASKS[style]} in {count} of at most {max(12, words // max(sentences, 1))} words each."
        videos = len({citation.video_id for point in sources for citation in point.citations})
        source = "a video" if videos == 1 else f"{videos} videos"
        messages = [Message("system", RULES), Message("user", f"Notes from {source}:\n{notes}\n\n{task}")]
        written = self._write(messages, SENTENCES, max_output=min(900, 60 + 4 * words), field="sentences")
        drafts = [draft for one in written if (draft := _draft(one, sources))] if isinstance(written, list) else []
        verdicts = judge_claims(self._model, [(draft.text, draft.citations) for draft in drafts], self._stop)
        accepted: list[Point] = []
        for draft, supported in zip(drafts[:sentences], verdicts, strict=False):
            room = words - sum(len(p.text.split()) for p in accepted)
            if supported and 2 < len(draft.text.split()) <= room and not repeats(draft, accepted):
                accepted.append(draft)
        least = 1 if sentences == 1 else ENOUGH * sum(len(p.text.split()) for p in sources)
        return accepted if sum(len(p.text.split()) for p in accepted) >= least else []

    def translate(self, point: Point, language: str) -> Point:
        """The point in another language; unchanged if the translation loses or invents a number."""
        messages = [
            Message("system", "You translate exactly. Keep names, codes and numbers as they are."),
            Message("user", f"Translate into the language with ISO code {language}:\n\n{point.text}"),
        ]
        written = self._write(messages, TEXT, max_output=200, field="text")
        text = _tidy(written) if isinstance(written, str) else ""
        if not text or sorted(_DIGITS.findall(text)) != sorted(_DIGITS.findall(point.text)):
            return point
        return Point(text, point.citations, point.label, point.who)

    def _write(self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_output: int, field: str) -> object:
        try:
            written = self._model.chat(messages, max_output=max_output, schema=schema, stop=self._stop)
            return json.loads(written.text)[field]
        except (ToolRefused, ValueError, KeyError, TypeError, RecursionError):
            return None  # the quotes are used instead


def _draft(written: object, sources: Sequence[Point]) -> Point | None:
    """A written sentence with the citations of its notes; None if it names none."""
    if not isinstance(written, dict) or not isinstance(written.get("text"), str):
        return None
    notes = written.get("notes")
    numbers = [n for n in notes if isinstance(n, int) and 0 < n <= len(sources)] if isinstance(notes, list) else []
    points = [sources[n - 1] for n in dict.fromkeys(numbers[:MOST_SOURCES])]
    citations = dict.fromkeys(citation for point in points for citation in point.citations)
    ordered: tuple[Citation, ...] = tuple(sorted(citations, key=lambda c: (c.video_id, c.span)))
    label, who = (points[0].label, points[0].who) if len(points) == 1 else ("", "")
    return Point(_tidy(written["text"]), ordered, label, who) if ordered else None


def _tidy(text: str) -> str:
    return " ".join(readable(text).split()).strip("-•* ")
