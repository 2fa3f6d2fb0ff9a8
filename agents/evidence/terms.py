"""How often a word or phrase is said or written: counted word by word, as evidence and as an answer that code gives.

A question is compared with the examples with X in the place of the term. The term is what it puts in quotation marks;
without any, the model copies it from the question, and the question has to pass two checks more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from agents.evidence.known_questions import clearest, known_questions
from agents.evidence.passage import Finding, Passage
from agents.evidence.reading import read_span
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from app.core.errors import WorkerFailed
from app.core.ports import VideoLibrary
from app.core.types import Message, SegmentKind, TimeSpan, Video
from app.text.quotations import quoted_terms, replace_quoted
from app.text.tokens import occurrences, words

CLEARER = 0.05
"""By how much a question must be nearer to one that code can answer than to any that it cannot. Of 51 written questions
in six languages, 23 of which ask for a number of times, 17 of those and one other are taken for such a question."""
MENTIONS, UNQUOTED, ABOUT_WORDS = -0.03, 0.02, 0.6
"""Without quotation marks: how near the whole question is to the examples of such, how near it is with X in the place
of the term, and how sure the model is that it asks for words. Chosen on 92 questions. Of 48 others in nine languages,
22 of which ask for a number of mentions, 14 of those and no other are taken for one, each with its term."""


class MentionsAsked(BaseModel):
    """What the model replies to a question that may ask for a number of mentions."""

    counts: Literal["times words are said", "times words are shown as text", "something else"]
    words: str = Field(max_length=60)


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
    if terms:
        term, with_x, clearer = terms[0], replace_quoted(question, "X"), CLEARER
    else:
        term, clearer = _unquoted_term(work, question), UNQUOTED
        with_x = re.sub(re.escape(term), "“X”", question, count=1, flags=re.IGNORECASE)
    if len(terms) > 1 or not words(term):
        return None
    embedder = work.parts.text_embedder
    near, other = known_questions("terms").nearness(with_x, embedder)
    if not terms:
        other = max(other, known_questions("events").nearness(with_x, embedder)[1])
    nearest = clearest(near, other, clearer)
    if nearest is None:
        return None
    kind = SegmentKind(nearest)
    total, where = count_term(work.parts.library, term, scope_of(kind), kind)
    return Finding(f"“{term}”: {total}x", tuple(where)) if total else None


def _unquoted_term(work: AgentRun, question: str) -> str:
    """The words whose mentions the question counts, as the model copies them; "" where it counts none."""
    near, other = known_questions("mentions").nearness(question, work.parts.text_embedder)
    if work.parts.chat is None or clearest(near, other, MENTIONS) is None:
        return ""
    messages = [Message("system", prompt("term")), *examples("term"), Message("user", question)]
    try:
        term = ask_json(work, messages, MentionsAsked, max_output=60).words.strip()
        if not term or term.casefold() not in question.casefold():
            return ""
        ask = Message("user", prompt("about_words").format(question=question, term=term))
        shares = weigh(work, [ask], ("yes", "no"))
    except WorkerFailed:
        return ""  # the call that reads the lines says what is wrong with the model
    return term if shares is not None and shares["yes"] >= ABOUT_WORDS else ""
