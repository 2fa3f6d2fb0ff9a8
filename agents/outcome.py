"""The end of every run: the draft is judged, repaired once, and becomes the answer. Only here is a status set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.coverage import gaps, searched
from agents.evidence import Passage
from agents.judge import Judge
from agents.parts import AgentRun
from agents.policy import choose_policy
from agents.state import AgentState, DraftAnswer, JudgedClaim, Observation
from app.core.events import Drafted, Verified
from app.core.runs import runs
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan
from app.text.fuzzy import likeness
from app.text.languages import guess_language
from app.text.phrases import phrase

MOST_CITATIONS = 24
ONE_EVENT_S = 2.0
"""Pictures nearer than this show one event and make one citation."""
SAME_WORDS = 0.9
"""A statement as alike as this to the words it rests on needs no quotation."""
LONGEST_QUOTE = 240
"""Characters of the words that are quoted beside a statement."""
REPAIR = (
    "Find better evidence, correct the statement, cite what shows it, or say that the video does not give it; "
    "then call `answer` again with all statements."
)
LEFT_OUT = "A part of the answer is left out, because its evidence does not support it."


def judge(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["think", "finish"]]:
    """Judges each claim; what is not supported, or was given up too early, goes back to the model once."""
    work, draft = runtime.context, state["draft"]
    in_loop = choose_policy(work.parts).mode == "loop"
    runtime.stream_writer(Drafted(tuple((c.text, _ids(c.passages)) for c in draft.claims), "model"))
    court = Judge(work, {video.id: video for video in state["videos"]})
    judged = []
    for claim in draft.claims:
        one = court.judge(claim.question or state["question"], claim)
        judged.append(one)
        runtime.stream_writer(Verified(claim.text, one.verdict, one.reason, _ids(claim.passages)))
    complaints = _complaints(state, work, draft, judged)
    if in_loop and complaints and state["repairs"] == 0 and work.budget.has_step:
        note = Observation(state["call"], ("\n".join(complaints),), refused=True)
        return Command(goto="think", update={"log": (note,), "repairs": 1, "judged": tuple(judged)})
    return Command(goto="finish", update={"judged": tuple(judged)})


def finish(state: AgentState, runtime: Runtime[AgentRun]) -> dict[str, Answer]:
    """The answer: what was supported, or why nothing was found."""
    work = runtime.context
    draft = state.get("draft") or DraftAnswer((), "unsure")
    strict = choose_policy(work.parts).mode == "pipeline"
    accepted = _accepted(state["judged"], strict=strict, needs_eyes=draft.needs_eyes)
    if work.parts.settings.always_choose and draft.option is not None and not accepted:
        accepted = [one for one in state["judged"] if one.claim.passages]
    # Each moment once; verified where any statement that cites it is.
    citations: dict[tuple[object, ...], Citation] = {}
    for one in (citation for judged in accepted for citation in cite(judged)):
        key = (one.video_id, one.span, one.kind)
        if key not in citations or (one.verified and not citations[key].verified):
            citations[key] = one
    if not citations:
        return {"answer": _refusal(state, work, draft)}
    answered, questions = {one.claim.question for one in accepted}, state["asked"]
    missing = [f"No answer was found to “{one}”." for one in questions if len(questions) > 1 and one not in answered]
    # Small models add what nobody asked for; that it is missing is no loss.
    if not strict and any(one.verdict == "no" for one in state["judged"]):
        missing = [LEFT_OUT, *missing]
    text, usage = _text(accepted, doubt=strict and draft.option is None), work.budget.usage
    confidence = sum(one.confidence for one in accepted) / len(accepted)
    shown, left_out = tuple(citations.values())[:MOST_CITATIONS], tuple(missing)
    answer = Answer(AnswerStatus.ANSWERED, text, confidence, shown, draft.option, usage, missing=left_out)
    return {"answer": answer}


def _accepted(judged: Sequence[JudgedClaim], *, strict: bool, needs_eyes: bool) -> list[JudgedClaim]:
    """What may be shown: all that is not refuted.

    Small models add statements that were not asked for, and take any number for the one that was. With `strict`, each
    question keeps its supported claims, or else the likeliest unclear one. An unclear claim that rests on counts alone
    is never shown; with `needs_eyes`, neither is one that rests on what is said or written.
    """
    possible = [one for one in judged if one.verdict != "no"]
    if not strict:
        return possible
    words = {SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT}
    doubtful = {SegmentKind.OBJECT} | (words if needs_eyes else set())
    possible = [
        one for one in possible if one.verdict == "yes" or any(p.kind not in doubtful for p in one.claim.passages)
    ]
    accepted: list[JudgedClaim] = []
    for question in dict.fromkeys(one.claim.question for one in possible):
        answers = [one for one in possible if one.claim.question == question]
        supported = [one for one in answers if one.verdict == "yes"]
        accepted += supported or [max(answers, key=lambda one: one.confidence)]
    return accepted


def _text(accepted: Sequence[JudgedClaim], *, doubt: bool) -> str:
    """The statements as one text: lists and long ones a line each, short ones as a paragraph. With `doubt`, those that
    are not sure come with the words they rest on, for the reader to judge."""
    texts = []
    for one in accepted:
        statement = one.claim.text
        words = [passage.text for passage in one.claim.passages if passage.text]
        if doubt and one.verdict != "yes" and words:
            quote = " ".join(words[0].split())
            cut = quote if len(quote) <= LONGEST_QUOTE else f"{quote[: LONGEST_QUOTE - 1]}…"
            if likeness(cut, statement) < SAME_WORDS:
                statement = f"{statement} (“{cut}”)"
        texts.append(statement)
    multiline = any("\n" in text for text in texts) or len(texts) > 3
    whole = list(dict.fromkeys(text.strip() for text in texts))
    return ("\n" if multiline else " ").join(map(_ended, whole) if len(whole) > 1 and not multiline else whole)


def cite(judged: JudgedClaim) -> list[Citation]:
    """The citations of one claim. Pictures of one event become one; a picture's quote is what the claim says of it."""
    verified = judged.verdict == "yes"
    pictures = [p for p in judged.claim.passages if p.is_picture]
    words = [p for p in judged.claim.passages if not p.is_picture]
    citations = [p.cited(verified=verified and p.proves) for p in words]
    events = runs(
        sorted(pictures, key=lambda p: (p.video_id, p.span)),
        lambda run, p: run[-1].video_id == p.video_id and p.span.start_s - run[-1].span.end_s <= ONE_EVENT_S,
    )
    for run in events:
        hull = TimeSpan(run[0].span.start_s, max(p.span.end_s for p in run))
        best = run[len(run) // 2]
        citations.append(replace(best, span=hull, text=best.text or judged.claim.text).cited(verified=verified))
    return citations


def _refusal(state: AgentState, work: AgentRun, draft: DraftAnswer) -> Answer:
    language = guess_language(state["question"])
    usage, option = work.budget.usage, draft.option if work.parts.settings.always_choose else None
    open_gaps = gaps(state, work, draft.could_be_in)
    missing = [*state["problems"], *(gap.sentence for gap in open_gaps)]
    if draft.stated == "yes" and state["judged"]:
        missing = ["A possible answer was found, but the evidence does not support it", *missing]
    if draft.stated == "unsure" and not missing:
        missing = ["The model could not decide from what it found"]
    if missing:
        only_unseen = open_gaps and len(missing) == len(open_gaps) and all(gap.sense == "pictures" for gap in open_gaps)
        text = phrase("not_in_words" if draft.stated == "no" and only_unseen else "insufficient", language)
        sentences = tuple(dict.fromkeys(_ended(one[:1].upper() + one[1:]) for one in missing))
        return Answer(AnswerStatus.INSUFFICIENT, text, None, (), option, usage, searched(state), sentences)
    return Answer(AnswerStatus.NOT_IN_VIDEO, phrase("not_in_video", language), None, (), option, usage, searched(state))


def _complaints(state: AgentState, work: AgentRun, draft: DraftAnswer, judged: Sequence[JudgedClaim]) -> list[str]:
    """Why a draft goes back to the model, in words for it; empty when it does not."""
    complaints = [
        f"Statement {number} was not accepted ({one.verdict}): {one.reason}"
        for number, one in enumerate(judged, start=1)
        if one.verdict != "yes"
    ]
    if not draft.claims:
        open_gaps = [gap for gap in gaps(state, work, draft.could_be_in) if gap.can_close]
        complaints += [f"Not yet: {gap.sentence}." for gap in open_gaps[:4]]
    return [*complaints, REPAIR] if complaints else []


def _ids(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(passage.id for passage in passages)


def _ended(text: str) -> str:
    return text if text.rstrip("”)").endswith((".", "!", "?", "…", "。")) else f"{text}."
