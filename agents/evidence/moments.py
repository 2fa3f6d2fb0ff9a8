"""Whether and when something is said or shown, and what is said or shown first and last: as answers that code gives,
each with the lines themselves and their times. What is looked for, the model copies from the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, Field

from agents.evidence.passage import Finding, Passage
from agents.evidence.question_classifier import AskedFor, question_classifier
from agents.evidence.reading import read_span
from agents.evidence.terms import count_term
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from app.core.errors import WorkerFailed
from app.core.timecode import clock
from app.core.types import Message, SegmentKind, TimeSpan, Video
from app.text.fuzzy import contains
from app.text.tokens import words

COPIED = 0.9
"""How much of what is looked for the question must contain, letter by letter."""
ABOUT = 0.75
"""Share from which the model takes a line for one about a subject. Of 30 pairs in five languages, 13 of the 14 that
belong together reach it, and none of the others."""
CLOSEST = 3
"""Lines that the model is asked about where none holds the words themselves."""
MOST_QUOTED, QUOTED_LENGTH = 4, 160
"""Lines that are quoted in one answer, and characters of each."""

ENDS = {
    AskedFor.FIRST_SAID: (SegmentKind.SPEECH, 0),
    AskedFor.LAST_SAID: (SegmentKind.SPEECH, -1),
    AskedFor.FIRST_SHOWN: (SegmentKind.SCREEN_TEXT, 0),
    AskedFor.LAST_SHOWN: (SegmentKind.SCREEN_TEXT, -1),
}
"""Which line is asked for: its kind, and its place among them."""

ScopeOf = Callable[[SegmentKind], Sequence[tuple[Video, TimeSpan]]]
"""Where a kind of segment counts."""


class LookedFor(BaseModel):
    """What the model replies to a question for a moment."""

    words: str = Field(max_length=80)


def answer_by_moment(work: AgentRun, question: str, scope_of: ScopeOf, evidence: Sequence[Passage]) -> Finding | None:
    """The lines in which something is said or shown, or the first or last line; None where the question asks for
    something else, or no line is about it. They are quoted, so that the answer is true even of a question that was
    misunderstood.

    `evidence`: the lines among which one about the subject is looked for, where none holds its words.
    """
    asked = question_classifier().asked_for(question, work.parts.text_embedder)
    if asked in (AskedFor.MOMENT, AskedFor.MENTIONED):
        found = _lines_about(work, question, scope_of, evidence)
    elif asked in ENDS:
        kind, place = ENDS[asked]
        scope = scope_of(kind)
        lines = read_span(work.parts.library, *scope[0], (kind,)) if len(scope) == 1 else []
        found = lines and [lines[place]]
    else:
        return None
    found = sorted(found, key=lambda passage: (passage.video_id, passage.span))
    titles = {video.id: video.title for kind in SegmentKind for video, _ in scope_of(kind)}
    quoted = [
        f"{titles[one.video_id] + ' ' if len(titles) > 1 else ''}{clock(one.span.start_s)} “{_shortened(one.text)}”"
        for one in found[:MOST_QUOTED]
    ]
    more = [f"(+{len(found) - MOST_QUOTED})"] if len(found) > MOST_QUOTED else []
    return Finding("\n".join([*quoted, *more]), tuple(found)) if found else None


def _lines_about(work: AgentRun, question: str, scope_of: ScopeOf, evidence: Sequence[Passage]) -> list[Passage]:
    """The lines that hold what a question looks for; where none does, those that are about it as the model judges."""
    if work.parts.chat is None:
        return []
    messages = [Message("system", prompt("subject")), *examples("subject"), Message("user", question)]
    kinds = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
    try:
        subject = ask_json(work, messages, LookedFor, max_output=60).words.strip()
        if not words(subject) or contains(subject, question) < COPIED:
            return []
        holding = [p for kind in kinds for p in count_term(work.parts.library, subject, scope_of(kind), kind)[1]]
        return holding or _about(work, subject, [passage for passage in evidence if passage.kind in kinds])
    except WorkerFailed:
        return []  # the call that reads the lines says what is wrong with the model


def _about(work: AgentRun, subject: str, lines: Sequence[Passage]) -> list[Passage]:
    """Of the lines whose vectors are closest to a subject, those that are about it as the model judges."""
    if not lines:
        return []
    embedder = work.parts.text_embedder
    scores = embedder.embed([line.text for line in lines]) @ embedder.embed_query(subject)
    found = []
    for at in np.argsort(-scores, kind="stable")[:CLOSEST]:
        ask = prompt("about_subject").format(line=lines[at].text[:600], subject=subject)
        shares = weigh(work, [Message("user", ask)], ("yes", "no"))
        if shares is not None and shares["yes"] >= ABOUT:
            found.append(lines[at])
    return found


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED_LENGTH else f"{text[:QUOTED_LENGTH].rstrip()}…"
