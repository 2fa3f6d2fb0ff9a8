"""Lets the language model phrase points, and accepts only what the checks support.

The model sees only the quoted sentences. Each sentence that it writes is linked to the one or two
quotes nearest in meaning, and dropped unless these contain its numbers, names, codes, negations and
every content word (`app.services.claim_support`). The quotes themselves replace a dropped sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from app.core.errors import ToolRefused
from app.core.ports import Chat, TextEmbedder
from app.core.types import Citation, Message
from app.services.claim_support import is_supported
from app.services.summarize.choosing import repeats, shortened
from app.services.summarize.shapes import Point, Style

SUPPORT = 0.5
"""A phrased sentence with a lower cosine to its nearest quote does not count as supported."""
ENOUGH = 0.4
"""The accepted sentences must have this share of the quotes' words; otherwise the quotes are used."""
SENTENCES = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "string", "maxLength": 220}, "maxItems": 8}},
    "required": ["sentences"],
    "additionalProperties": False,
}
TEXT = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": 400}},
    "required": ["text"],
    "additionalProperties": False,
}
RULES = "You write short, plain summaries. Use only facts from the notes; copy names and numbers exactly."
ASKED = {
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

    def __init__(self, model: Chat, embedder: TextEmbedder, stop: Callable[[], bool]) -> None:
        """`stop` is checked while the model writes; once it returns True, Cancelled is raised."""
        self._stop = stop
        self._model = model
        self._embedder = embedder

    def phrase(self, sources: Sequence[Point], style: Style, *, sentences: int, words: int) -> list[Point]:
        """At most `sentences` supported sentences within `words` words; empty if there are too few."""
        notes = "\n".join(f"- {shortened(point.text, 40)}" for point in sources)
        count = "one sentence" if sentences == 1 else f"at most {sentences} sentences"
        task = f"{ASKED[style]} in {count} of at most {max(12, words // max(sentences, 1))} words each."
        messages = [Message("system", RULES), Message("user", f"Notes from {_whence(sources)}:\n{notes}\n\n{task}")]
        written = self._written(messages, SENTENCES, max_output=min(400, 40 + 2 * words), field="sentences")
        if not isinstance(written, list):
            return []
        accepted: list[Point] = []
        for text in [_tidy(one) for one in written if isinstance(one, str)][:sentences]:
            room = words - sum(len(p.text.split()) for p in accepted)
            citations = self.supporting(text, sources) if 2 < len(text.split()) <= room else ()
            if citations and not repeats(Point(text, citations), accepted):
                accepted.append(Point(text, citations, _label_of(citations, sources)))
        least = 1 if sentences == 1 else ENOUGH * sum(len(p.text.split()) for p in sources)
        return accepted if sum(len(p.text.split()) for p in accepted) >= least else []

    def supporting(self, text: str, sources: Sequence[Point]) -> tuple[Citation, ...]:
        """The quotes that support a sentence: the nearest one, else the nearest two, else none."""
        quotes = list(dict.fromkeys(citation for point in sources for citation in point.citations))
        if not quotes:
            return ()
        near = self._embedder.embed([q.quote for q in quotes]) @ self._embedder.embed([text])[0]
        order = [int(i) for i in (-near).argsort()[:2]]
        if near[order[0]] < SUPPORT:
            return ()
        for count in range(1, len(order) + 1):
            chosen = tuple(quotes[i] for i in order[:count])
            if is_supported(text, chosen):
                return tuple(sorted(chosen, key=lambda c: (c.video_id, c.span)))
        return ()

    def translate(self, point: Point, language: str) -> Point:
        """The point in another language; unchanged if the translation loses or invents a number."""
        messages = [
            Message("system", "You translate exactly. Keep names, codes and numbers as they are."),
            Message("user", f"Translate into the language with ISO code {language}:\n\n{point.text}"),
        ]
        written = self._written(messages, TEXT, max_output=200, field="text")
        text = _tidy(written) if isinstance(written, str) else ""
        if not text or sorted(_DIGITS.findall(text)) != sorted(_DIGITS.findall(point.text)):
            return point
        return Point(text, point.citations, point.label)

    def _written(
        self, messages: Sequence[Message], schema: dict[str, object], *, max_output: int, field: str
    ) -> object:
        try:
            written = self._model.chat(messages, max_output=max_output, schema=schema, stop=self._stop)
            return json.loads(written.text)[field]
        except (ToolRefused, ValueError, KeyError, TypeError):
            return None  # the quotes are used instead


def _whence(sources: Sequence[Point]) -> str:
    videos = {citation.video_id for point in sources for citation in point.citations}
    return "a video" if len(videos) == 1 else f"{len(videos)} videos"


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip("-•* ")


def _label_of(citations: Sequence[Citation], sources: Sequence[Point]) -> str:
    return next((p.label for p in sources if p.label and set(p.citations) & set(citations)), "")
