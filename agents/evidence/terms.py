"""How often a word or phrase is said or written: counted word by word, as evidence and as an answer that code gives.

A question names the term in quotation marks. With X in its place, it is compared with questions that ask for a number
of times, in the space of the text embedder, so in any language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.evidence.passage import Finding, Passage
from agents.evidence.reading import read_span
from agents.evidence.things import template_vector
from agents.parts import AgentRun
from app.core.ports import VideoLibrary
from app.core.types import SegmentKind, TimeSpan, Video
from app.text.quotations import quoted_terms, replace_quoted
from app.text.tokens import words

ASKED = {
    SegmentKind.SPEECH: (
        "How many times is “X” said?",
        "How many times is the word “X” said?",
        "How often is “X” mentioned?",
        "How often does he say “X”?",
        "How often does the speaker say “X”?",
        "How often is “X” used?",
    ),
    SegmentKind.SCREEN_TEXT: (
        "How many times is “X” written on the screen?",
        "How often is “X” shown on the screen?",
        "How often can one read “X”?",
    ),
}
"""What code can count, each as questions that ask for it."""
OTHER = (
    "Who says “X”?",
    "When is “X” said for the first time?",
    "What is said after “X”?",
    "What does “X” mean?",
    "Is “X” mentioned?",
    "Why does he say “X”?",
    "How many people say “X”?",
    "How many letters does “X” have?",
    "How many lines begin with “X”?",
    "How much does “X” cost?",
    "How many people are named on “X”?",
    "How many kinds of “X” are there?",
    "How many times did he win “X”?",
    "How often do they play “X”?",
    "How long do they talk about “X”?",
    "How often does the bus to “X” run?",
)
"""Questions with a term in quotation marks that no number of times answers."""
CLEARER = 0.05
"""By how much a question must be nearer to one that code can answer than to any that it cannot. Of 51 written questions
in six languages, 23 of which ask for a number of times, 17 of those and one other are taken for such a question."""


def count_term(
    library: VideoLibrary, term: str, scope: Sequence[tuple[Video, TimeSpan]], kind: SegmentKind
) -> tuple[int, list[Passage]]:
    """How often a term is said or written in spans of videos, and the passages that hold it."""
    wanted, total, where = words(term), 0, []
    for video, span in scope:
        for passage in read_span(library, video, span, (kind,)):
            text = words(passage.text)
            times = sum(text[at : at + len(wanted)] == wanted for at in range(len(text) - len(wanted) + 1))
            total += times
            where += [passage] if times else []
    return total, where


def answer_by_term(
    work: AgentRun, question: str, scopes: Mapping[SegmentKind, Sequence[tuple[Video, TimeSpan]]]
) -> Finding | None:
    """How often the one term that a question quotes is said or written; None where it asks for something else, or the
    term does not occur. The answer repeats the term, so that it is true even of a question that was misunderstood.

    `scopes`: where each of the kinds of `ASKED` counts.
    """
    terms = quoted_terms(question)
    kind = _asked(replace_quoted(question, "X"), work) if len(terms) == 1 and words(terms[0]) else None
    if kind is None:
        return None
    total, where = count_term(work.parts.library, terms[0], scopes[kind], kind)
    return Finding(f"“{terms[0]}”: {total}x", tuple(where)) if total else None


def _asked(question: str, work: AgentRun) -> SegmentKind | None:
    """Which of `ASKED` a question asks for."""
    embed = work.parts.text_embedder.embed_query
    wanted = embed(question)

    def nearest(questions: Sequence[str]) -> float:
        return max(float(template_vector(embed, one) @ wanted) for one in questions)

    near = {kind: nearest(questions) for kind, questions in ASKED.items()}
    kind = max(near, key=lambda one: near[one])
    return kind if near[kind] - nearest(OTHER) >= CLEARER else None
