"""When something is said, discussed or shown in a video: the times of the lines that hold it, as an answer of code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pydantic import BaseModel, Field

from agents.evidence.known_questions import known_questions
from agents.evidence.passage import Finding, Passage
from agents.evidence.terms import count_term
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from app.core.errors import WorkerFailed
from app.core.timecode import clock
from app.core.types import Message, SegmentKind, TimeSpan, Video
from app.text.tokens import words

OTHER, NAMED = "other", '{"'
"""How the model's reply begins where a question asks for no moment, and where it does."""
LEAST, LIKELY = -0.12, 0.35
"""How near a question must be to one for a moment before the model is asked, and how likely the model must name what is
looked for before it does so."""
WHOLE, SHARE, SURE = 0.5, 0.3, 0.21
"""How sure three signs must make it that a question asks for a moment: its nearness to such questions, the model's
likelihood, and the nearness with X in the place of what is looked for. Of 136 questions in nine languages on which this
was chosen, 46 of the 58 for a moment are taken for one and 1 of the others; of 54 more, 17 of 24 and 4 of 30. A
question taken for one by mistake gets a true answer all the same: where its subject is said or shown."""
ABOUT = 0.75
"""Share from which the model takes a line for one about a subject. Of 30 pairs in five languages, 13 of the 14 that
belong together reach it, and none of the others."""
MOST_TIMES = 8
"""Moments that are named in one answer."""
CLOSEST = 3
"""Lines that the model is asked about where none holds the words themselves."""


class SubjectNamed(BaseModel):
    """What the model replies to a question for a moment."""

    words: str = Field(max_length=80)


def answer_by_moment(
    work: AgentRun,
    question: str,
    scope_of: Callable[[SegmentKind], Sequence[tuple[Video, TimeSpan]]],
    evidence: Sequence[Passage],
) -> Finding | None:
    """When the subject of a question is said or shown; None where it asks for something else, or no line is about it.

    `scope_of`: where a kind of segment counts. `evidence`: the lines among which one about the subject is looked for,
    where none holds its words.
    """
    subject = subject_of(work, question)
    if not words(subject):
        return None
    scopes = {kind: scope_of(kind) for kind in (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)}
    holding = [one for kind, scope in scopes.items() for one in count_term(work.parts.library, subject, scope, kind)[1]]
    found = sorted(holding or _about(work, subject, evidence), key=lambda one: (one.video_id, one.span))
    if not found:
        return None
    titles = {video.id: f"{video.title} " for scope in scopes.values() for video, _ in scope}
    moments = (f"{titles[one.video_id] if len(titles) > 1 else ''}{clock(one.span.start_s)}" for one in found)
    times = list(dict.fromkeys(moments))
    more = f" (+{len(times) - MOST_TIMES})" if len(times) > MOST_TIMES else ""
    return Finding(f"“{subject}”: {', '.join(times[:MOST_TIMES])}{more}", tuple(found))


def subject_of(work: AgentRun, question: str) -> str:
    """What a question wants to find in the video, as the model copies it; "" where it asks for no moment."""
    whole = _clearness("moments", question, work)
    if whole < LEAST:
        return ""
    messages = [Message("system", prompt("moment")), *examples("moment"), Message("user", question)]
    try:
        shares = weigh(work, messages, (OTHER, NAMED))
        if shares is None or shares[NAMED] < LIKELY:
            return ""
        subject = ask_json(work, messages, SubjectNamed, max_output=40).words.strip(" “”\"'.?")
    except WorkerFailed:
        return ""  # the call that reads the lines says what is wrong with the model
    with_x = re.sub(re.escape(subject), "“X”", question, count=1, flags=re.IGNORECASE)
    if not subject or with_x == question:
        return ""
    sureness = WHOLE * whole + SHARE * shares[NAMED] + _clearness("named_moments", with_x, work)
    return subject if sureness >= SURE else ""


def _clearness(subject: str, question: str, work: AgentRun) -> float:
    """By how much a question is nearer to one for a moment than to any other."""
    near, other = known_questions(subject).nearness(question, work.parts.text_embedder)
    return max(near.values()) - other


def _about(work: AgentRun, subject: str, lines: Sequence[Passage]) -> list[Passage]:
    """Of the lines whose vectors are closest to a subject, those that are about it as the model judges."""
    lines = [line for line in lines if line.kind in (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)]
    if not lines:
        return []
    embedder = work.parts.text_embedder
    scores = embedder.embed([line.text for line in lines]) @ embedder.embed_query(subject)
    closest = [lines[at] for at in sorted(range(len(lines)), key=lambda at: -float(scores[at]))[:CLOSEST]]
    found = []
    for line in closest:
        ask = Message("user", prompt("about_subject").format(line=line.text[:600], subject=subject))
        shares = weigh(work, [ask], ("yes", "no"))
        if shares is not None and shares["yes"] >= ABOUT:
            found.append(line)
    return found
