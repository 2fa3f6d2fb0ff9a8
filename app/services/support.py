"""Whether quotes support a sentence that a model wrote, by the checks that the agent's answers must pass too."""

from __future__ import annotations

from collections.abc import Sequence

from agents.state import Passage
from agents.verification import check
from app.core.types import Citation


def supported(text: str, quotes: Sequence[Citation]) -> bool:
    """Whether the quotes hold the sentence's numbers, names, codes, negations and most of its words."""
    passages = [
        Passage(f"E{number}", quote.video_id, quote.kind, quote.span, quote.quote, 1.0, quote.frame_s)
        for number, quote in enumerate(quotes, 1)
    ]
    return check(text, passages).supported
