"""Whether, when and how often something is said or shown, and what is said or shown first and last: answers that code
gives, with the lines that prove them. The term to find is the one in quotation marks, or the one that the model copies
from the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, Field

from agents.evidence.passage import Finding, Passage
from agents.evidence.question_classifier import AskedFor
from agents.evidence.reading import read_span
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from app.core.errors import WorkerFailed
from app.core.ports import VideoLibrary
from app.core.timecode import clock
from app.core.types import Message, SegmentKind, TimeSpan, Video
from app.text.fuzzy import contains
from app.text.quotations import quoted_terms
from app.text.tokens import occurrences, words

COPIED = 0.9
"""How much of the model's term the question must contain, letter by letter; with less, the model has made it up."""
ABOUT = 0.75
"""Probability of "yes" from which a line counts as one about a term. Of 30 pairs in five languages, 13 of the 14 that
belong together reach it, and none of the others."""
CLOSEST = 3
"""Lines that the model is asked about where none holds the words themselves."""
MOST_QUOTED, QUOTED_LENGTH = 4, 160
"""Lines that are quoted in one answer, and characters of each."""

KINDS = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
COUNTED = {AskedFor.TIMES_SAID: SegmentKind.SPEECH, AskedFor.TIMES_SHOWN: SegmentKind.SCREEN_TEXT}
ENDS = {
    AskedFor.FIRST_SAID: (SegmentKind.SPEECH, 0),
    AskedFor.LAST_SAID: (SegmentKind.SPEECH, -1),
    AskedFor.FIRST_SHOWN: (SegmentKind.SCREEN_TEXT, 0),
    AskedFor.LAST_SHOWN: (SegmentKind.SCREEN_TEXT, -1),
}
"""Which line is asked for: its kind, and its place among them."""

ScopeOf = Callable[[SegmentKind], Sequence[tuple[Video, TimeSpan]]]
"""Where a kind of segment counts."""


class Term(BaseModel):
    """What the model replies when it is asked for the term to find."""

    words: str = Field(max_length=80)


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


def answer_by_mentions(
    work: AgentRun, question: str, asked: AskedFor | None, scope_of: ScopeOf, evidence: Sequence[Passage]
) -> Finding | None:
    """The lines in which something is said or shown, or the first or the last line, or how often a term occurs; None if
    the question asks for something else, or nothing is found. The answer repeats the lines or the term, so that it is
    true even if the question was misunderstood.

    `evidence`: the lines to try by meaning if none contains the words.
    """
    if asked in ENDS:
        kind, place = ENDS[asked]
        scope = scope_of(kind)
        lines = read_span(work.parts.library, *scope[0], (kind,)) if len(scope) == 1 else []
        return _quotation(lines and [lines[place]], scope)
    if asked not in COUNTED and asked not in (AskedFor.MOMENT, AskedFor.MENTIONED):
        return None
    term = _find_term(work, question)
    if not term:
        return None
    if asked in COUNTED:
        kind = COUNTED[asked]
        total, lines = count_term(work.parts.library, term, scope_of(kind), kind)
        return Finding(f"“{term}”: {total}x", tuple(lines)) if total else None
    lines = [line for kind in KINDS for line in count_term(work.parts.library, term, scope_of(kind), kind)[1]]
    return _quotation(lines or _lines_about(work, term, evidence), [one for kind in KINDS for one in scope_of(kind)])


def _find_term(work: AgentRun, question: str) -> str:
    """The one term that a question quotes, or the one that the model copies from it; "" if there is none or several."""
    terms = quoted_terms(question)
    if terms or work.parts.chat is None:
        return terms[0] if len(terms) == 1 else ""
    messages = [Message("system", prompt("subject")), *examples("subject"), Message("user", question)]
    try:
        term = ask_json(work, messages, Term, max_output=60).words.strip()
    except WorkerFailed:
        return ""  # if the model is down, the call that reads the lines reports it
    return term if words(term) and contains(term, question) >= COPIED else ""


def _lines_about(work: AgentRun, term: str, evidence: Sequence[Passage]) -> list[Passage]:
    """Of the lines whose vectors are closest to a term, those that are about it as the model judges."""
    lines = [passage for passage in evidence if passage.kind in KINDS]
    if not lines:
        return []
    embedder = work.parts.text_embedder
    scores = embedder.embed([line.text for line in lines]) @ embedder.embed_query(term)
    found = []
    for at in np.argsort(-scores, kind="stable")[:CLOSEST]:
        ask = prompt("about_subject").format(line=lines[at].text[:600], subject=term)
        shares = weigh(work, [Message("user", ask)], ("yes", "no"))
        if shares is not None and shares["yes"] >= ABOUT:
            found.append(lines[at])
    return found


def _quotation(lines: Sequence[Passage], scope: Sequence[tuple[Video, TimeSpan]]) -> Finding | None:
    """The lines with their times, and in several videos with their titles; None where there is none."""
    lines = sorted(lines, key=lambda passage: (passage.video_id, passage.span))
    titles = {video.id: video.title for video, _ in scope}
    quoted = []
    for line in lines[:MOST_QUOTED]:
        text = " ".join(line.text.split())
        cut = text if len(text) <= QUOTED_LENGTH else f"{text[:QUOTED_LENGTH].rstrip()}…"
        quoted.append(f"{titles[line.video_id] + ' ' if len(titles) > 1 else ''}{clock(line.span.start_s)} “{cut}”")
    more = [f"(+{len(lines) - MOST_QUOTED})"] if len(lines) > MOST_QUOTED else []
    return Finding("\n".join([*quoted, *more]), tuple(lines)) if lines else None
