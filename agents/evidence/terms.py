"""How often a word or phrase is said or written: counted word by word, as evidence and as an answer that code gives.

A question names the term in quotation marks, and is compared with the examples with X in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.evidence.known_questions import known_questions
from agents.evidence.passage import Finding, Passage
from agents.evidence.reading import read_span
from agents.parts import AgentRun
from app.core.ports import VideoLibrary
from app.core.types import SegmentKind, TimeSpan, Video
from app.text.quotations import quoted_terms, replace_quoted
from app.text.tokens import occurrences, words

CLEARER = 0.05
"""By how much a question must be nearer to one that code can answer than to any that it cannot. Of 51 written questions
in six languages, 23 of which ask for a number of times, 17 of those and one other are taken for such a question."""


def count_term(
    library: VideoLibrary, term: str, scope: Sequence[tuple[Video, TimeSpan]], kind: SegmentKind
) -> tuple[int, list[Passage]]:
    """How often a term is said or written in spans of videos, and the passages that hold it."""
    tokens, total, where = words(term), 0, []
    for video, span in scope:
        for passage in read_span(library, video, span, (kind,)):
            times = occurrences(tokens, words(passage.text))
            total += times
            where += [passage] if times else []
    return total, where


def answer_by_term(
    work: AgentRun, question: str, scope_of: Callable[[SegmentKind], Sequence[tuple[Video, TimeSpan]]]
) -> Finding | None:
    """How often the one term that a question quotes is said or written; None where it asks for something else, or the
    term does not occur. The answer repeats the term, so that it is true even of a question that was misunderstood.

    `scope_of`: where a kind of segment counts.
    """
    terms = quoted_terms(question)
    if len(terms) != 1 or not words(terms[0]):
        return None
    near, other = known_questions("terms").nearness(replace_quoted(question, "X"), work.parts.text_embedder)
    nearest = max(near, key=lambda one: near[one])
    if near[nearest] - other < CLEARER:
        return None
    kind = SegmentKind(nearest)
    total, where = count_term(work.parts.library, terms[0], scope_of(kind), kind)
    return Finding(f"“{terms[0]}”: {total}x", tuple(where)) if total else None
