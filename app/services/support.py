"""Whether quotes support a sentence that a model wrote, by the checks that the agent's answers must pass too."""

from __future__ import annotations

from collections.abc import Sequence

from agents.state import Passage
from agents.verification import check
from agents.wording import content_stems, coverage
from app.core.types import Citation

TELLING = frozenset(
    content_stems(
        "chapter concern cover describe detail discuss emphasize explain feature focus highlight include introduce "
        "involve mention narrator outline overview part present provide report say section see show speak speaker "
        "subject summary talk tell topic video",
        scaffolding=True,
    )
)
"""Words that tell that something is told: a small model may add these, and no others."""


def supported(text: str, quotes: Sequence[Citation]) -> bool:
    """Whether the quotes hold the sentence's numbers, names, codes, negations and every word that carries meaning.

    Stricter than for an answer, which a question has asked for: a summary's added word is an invention.
    """
    told = "\n".join(quote.quote for quote in quotes)
    stems = [stem for stem in content_stems(text, scaffolding=True) if stem not in TELLING]
    if coverage(stems, told) < 1.0:
        return False
    passages = [
        Passage(f"E{number}", quote.video_id, quote.kind, quote.span, quote.quote, 1.0, quote.frame_s)
        for number, quote in enumerate(quotes, 1)
    ]
    return check(text, passages).supported
