"""Two looks that agree: what only pictures tell is looked at a second time, in other frames and by another question.

A vision model that is asked what it sees answers something, and says with the same confidence what is not there. Asked
to judge a statement over other frames of the same stretch, it repeats few of its inventions. A claim is kept when both
looks agree, and is remembered then, so that the next question needs no look.
"""

from __future__ import annotations

import hashlib
import re

from agents.prompts import prompt
from agents.sampling import frames_of
from agents.screen import one_line
from agents.state import AgentState, Claim, Passage, Work
from agents.verification import Verdict, check
from agents.wanted import premise_stems
from agents.wording import content_stems, coverage, is_negated
from app.core.errors import Cancelled, LongreelError
from app.core.events import Inspected, Listener
from app.core.types import Segment, SegmentKind, TimeSpan, Video

FRAMES = 3
"""Frames of the second look."""
SIDE = 768
"""Longest side of one, in pixels."""
SHORTEST_S = 2.0
"""A shorter stretch is widened, so that it has other frames."""
INNER = (0.1, 0.94)
"""The part of a stretch that the second look sees, as shares of it: their middle is not that of the whole."""
MOST = 2
"""Passages of a claim that are looked at again."""
TWICE = "two looks of "
"""How the maker of a segment that two looks agree on is named, before the model's name."""

_PICTURES = (SegmentKind.VISUAL, SegmentKind.CAPTION)
_SAYS = re.compile(r"^\W*(?P<word>yes|no)\b", re.IGNORECASE)


def agreed(claim: Claim, state: AgentState, work: Work, tell: Listener) -> Verdict | None:
    """Whether a second look agrees with a claim; None where words support it too, and where no model can look.

    Tells the looks. Raises Cancelled when that was asked for.
    """
    shown = [p for p in claim.passages if p.kind in _PICTURES and not p.tagged]
    told = [p for p in claim.passages if p.kind not in _PICTURES]
    if work.parts.vision_language_model is None or not shown:
        return None
    if told and not claim.verbatim and check(claim.text, told).supported:
        return None
    for passage in shown[:MOST]:
        statement = one_line(passage.text) if claim.verbatim and not state["options"] else claim.text
        if _is_known(statement, passage, state, work):
            continue
        try:
            verdict = _second_look(statement, passage, state, work, tell)
        except Cancelled:
            raise
        except LongreelError as error:
            verdict = Verdict(False, f"the second look failed: {error}", doubted=True)
        if not verdict.supported:
            return verdict
    return Verdict(True, "two looks at different frames agree")


def _second_look(statement: str, passage: Passage, state: AgentState, work: Work, tell: Listener) -> Verdict:
    model = work.parts.vision_language_model
    video = next(v for v in state["videos"] if v.id == passage.video_id)
    span = _others(passage.span, video)
    frames = frames_of(statement, video, span, work, max_side=SIDE, wanted=FRAMES)
    if not frames or model is None:
        return Verdict(False, "no frames were left for a second look", doubted=True)
    work.budget.check()
    asked = f"{prompt('agree')}\nQuestion: {state['question']}\nStatement: {statement}"
    said = work.budget.spend(model.look(frames, asked)).text.strip()
    tell(Inspected(str(video.id), span, "look", tuple(f.pts_s for f in frames)))
    if not _agrees(said, statement, state["question"]):
        return Verdict(False, f'a second look at other frames does not agree: "{one_line(said)[:120]}"', doubted=True)
    _remember(statement, passage, state, work)
    return Verdict(True, "")


def _agrees(said: str, statement: str, question: str) -> bool:
    """Whether a reply says yes; one that judges nothing agrees when its own words state the same."""
    match = _SAYS.search(said)
    return match["word"].lower() == "yes" if match else _states(said, statement, question)


def _states(text: str, statement: str, question: str) -> bool:
    """Whether a text holds every word of a statement and of what it answers, and denies it no more than it does."""
    stems = [*content_stems(statement, scaffolding=True), *premise_stems(question)]
    return coverage(stems, text) == 1.0 and is_negated(text) == is_negated(statement)


def _others(span: TimeSpan, video: Video) -> TimeSpan:
    """The stretch without its edges, so that evenly spaced frames of it are none of those that the first look saw."""
    if span.duration_s < SHORTEST_S:
        span = span.padded(SHORTEST_S / 2, max(video.duration_s, span.end_s))
    start, end = (span.start_s + share * span.duration_s for share in INNER)
    return TimeSpan(start, end)


def _is_known(statement: str, passage: Passage, state: AgentState, work: Work) -> bool:
    """Whether two looks at this stretch have agreed on the statement before."""
    seen = work.parts.library.segments(passage.video_id, kinds=(SegmentKind.VISUAL,), window=passage.span)
    twice = [segment.text for segment in seen if segment.model.startswith(TWICE)]
    return any(_states(text, statement, state["question"]) for text in twice)


def _remember(statement: str, passage: Passage, state: AgentState, work: Work) -> None:
    """Stores the statement as what two looks have seen; in place of the first look's words if these are the same.

    Not the bare word that answers a question or is an option: it states nothing on its own.
    """
    if not _states(statement, statement, state["question"]):
        return
    assert work.parts.vision_language_model is not None
    model = TWICE + work.parts.vision_language_model.model
    seen = work.parts.library.segments(passage.video_id, kinds=(SegmentKind.VISUAL,), window=passage.span)
    same = next((s.id for s in seen if s.question is not None and one_line(s.text) == statement), "")
    key = f"{passage.video_id}|{passage.span.start_s:.3f}|{passage.span.end_s:.3f}|{model}|{statement}"
    id = same or "agreed-" + hashlib.sha256(key.encode()).hexdigest()[:24]
    made = Segment(
        id, passage.video_id, SegmentKind.VISUAL, passage.span, statement, model, passage.frame_s, state["question"]
    )
    work.parts.library.add_segments([made])
    work.parts.retriever.add([made])
