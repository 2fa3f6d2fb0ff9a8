"""Writes the answer: text, citations copied from the store, an honest confidence; or why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agents.passages import from_segment
from agents.state import AgentState, Claim, Draft, Passage, QuestionType, Work
from agents.tags import recognised
from agents.wanted import premise_stems
from agents.wording import clock, content_stems, coverage, joined
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan

MAX_CITATIONS = 8
HEDGED = 0.2
"""The confidence of a guess that nothing here could check."""
PAUSE_S = 5.0
SPOKEN = 5
"""A video with so many sentences is told in words."""
WORDY = 0.25
"""The share of a video with speech or text on the screen, from which words may be taken to tell what it is about."""

_NOUNS = {
    SegmentKind.SPEECH: "speech",
    SegmentKind.SCREEN_TEXT: "on-screen text",
    SegmentKind.CAPTION: "picture tags",
    SegmentKind.VISUAL: "pictures",
    SegmentKind.SUMMARY: "summary",
}


def answer_of(claims: Sequence[Claim], state: AgentState, work: Work) -> Answer:
    """The answer made of claims that were checked."""
    passages = list(dict.fromkeys(p for claim in claims for p in claim.passages))
    checked = not any(claim.hedged for claim in claims)
    asks_moments = checked and state["plan"].question_type is QuestionType.MOMENT
    citations = tuple(
        replace(citation(p, checked), confidence=_confidence([p], state) if asks_moments else None)
        for p in passages[:MAX_CITATIONS]
    )
    if not citations:
        return refusal_of(state["draft"], state, work)
    text = _text(claims, state)
    confidence = _confidence(passages, state) if checked else HEDGED
    return Answer(
        AnswerStatus.ANSWERED, text, confidence, citations, state["draft"].option_index, work.budget.usage,
    )  # fmt: skip


def citation(passage: Passage, checked: bool) -> Citation:
    """A passage as proof, verbatim; one that nothing could check says so."""
    return Citation(passage.video_id, passage.span, passage.kind, passage.text, passage.frame_s, verified=checked)


def _text(claims: Sequence[Claim], state: AgentState) -> str:
    text = "\n".join(claim.text for claim in claims)
    asks_when = state["question"].lower().lstrip().startswith("when")
    if asks_when and not state["options"] and state["plan"].question_type is not QuestionType.MOMENT:
        text += f" (at {clock(claims[0].passages[0].span.start_s)})"
    return text


def _confidence(passages: Sequence[Passage], state: AgentState) -> float:
    fit = max((p.score for p in passages), default=0.0)
    heard = min((p.confidence for p in passages), default=1.0)
    covered = coverage(content_stems(state["plan"].question), " ".join(p.text for p in passages))
    return round(min(0.99, (0.25 + 0.4 * fit + 0.3 * covered) * (0.7 + 0.3 * heard)), 2)


def refusal_of(draft: Draft, state: AgentState, work: Work) -> Answer:
    """Why there is no answer, with what was searched."""
    text = draft.refusal if draft.refusal and draft.option_index is None else _reason(state, work)
    if draft.option_index is not None and state["options"]:
        text = f"{state['options'][draft.option_index]} ({_reason(state, work)})"
    decided = _could_tell(state, work) and not draft.undecided
    status = AnswerStatus.NOT_IN_VIDEO if decided else AnswerStatus.INSUFFICIENT
    confidence = round(min(0.95, max(0.2, 1.0 - state.get("confidence", 0.0))), 2)
    return Answer(status, text, confidence, (), draft.option_index, work.budget.usage)


def _could_tell(state: AgentState, work: Work) -> bool:
    """Whether the profile could have known: without a vision model, what pictures show is not known to be absent."""
    plan = state["plan"]
    if work.parts.vision_language_model is not None or plan.question_type is QuestionType.SUMMARY:
        return True
    return not plan.seen and (bool(plan.sources) or _is_wordy(state, work))


def _is_wordy(state: AgentState, work: Work) -> bool:
    """Whether words are said or shown most of the time; else what the videos are about is in their pictures."""
    library, told, whole = work.parts.library, 0.0, 0.0
    for video in state["videos"]:
        spans = [u.span for u in library.utterances(video.id)]
        if video.media.video is None or len(spans) >= SPOKEN:
            return True
        spans += [s.span for s in library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,))]
        told += _covered_s(spans)
        whole += video.duration_s
    return told >= WORDY * whole


def _covered_s(spans: Sequence[TimeSpan]) -> float:
    """How long at least one of the spans lasts, in seconds; a pause of a few seconds between them counts too."""
    covered, end = 0.0, 0.0
    for span in sorted(spans):
        start = end if span.start_s - end < PAUSE_S else span.start_s
        covered += max(0.0, span.end_s - max(start, end))
        end = max(end, span.end_s)
    return covered


def _reason(state: AgentState, work: Work) -> str:
    plan, library = state["plan"], work.parts.library
    videos = state["videos"]
    spoken = any(library.utterances(v.id) for v in videos)
    if not spoken and SegmentKind.SPEECH in plan.sources:
        return "No speech was found in the video."
    if not spoken and not any(library.segments(v.id) for v in videos):
        return "Nothing was found in the video: no speech, no text on the screen."
    if not _could_tell(state, work):
        return _unseen(state, work)
    absent = _absent(state)
    where = f" {plan.scope.words}" if plan.scope else ""
    about = f" Nothing was found about {joined(absent)}." if absent else ""
    return f"The video does not say this{where}.{about} Searched: {_searched(state, work)}."


def _unseen(state: AgentState, work: Work) -> str:
    """That only a look could tell, what was recognised without one, and what would help."""
    kinds = (SegmentKind.VISUAL, SegmentKind.CAPTION)
    shown = [from_segment(s) for v in state["videos"] for s in work.parts.library.segments(v.id, kinds=kinds)]
    names = recognised(shown)
    found = f" (found: {', '.join(names)})" if names else ""
    return (
        "Speech and on-screen text do not tell this. Of pictures, only classes of things and colours can be "
        f"recognised here{found}; a vision model is needed, as the profile 'remote' has: see 'longreel doctor'."
    )


def _absent(state: AgentState) -> list[str]:
    """Words of the question, as written there, that no passage holds."""
    plan, text = state["plan"], " ".join(p.text for p in state["passages"])
    rest = plan.question.replace(plan.scope.words, " ") if plan.scope else plan.question
    premises = set(premise_stems(rest))
    written = [re.sub(r"^\W+|\W+$", "", word) for word in rest.split()]
    missing = [w for w in written if premises & set(content_stems(w)) and coverage(content_stems(w), text) == 0.0]
    return list(dict.fromkeys(missing))[:4]


def _searched(state: AgentState, work: Work) -> str:
    videos = state["videos"]
    kinds = {s.kind for v in videos for s in work.parts.library.segments(v.id)}
    if any(work.parts.library.utterances(v.id) for v in videos):
        kinds.add(SegmentKind.SPEECH)
    named = [noun for kind, noun in _NOUNS.items() if kind in kinds]
    many = f" of {len(videos)} videos" if len(videos) > 1 else ""
    return joined(named) + many
