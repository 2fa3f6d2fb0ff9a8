"""Answer: claims, each tied to the passages it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.choice import choose
from agents.passages import numbered
from agents.prompts import prompt
from agents.quoting import counted, moment, overview, quoted, read_aloud, usable
from agents.state import AgentState, Claim, Draft, Passage, Plan, QuestionType, Work
from agents.wanted import premise_stems, wanted
from agents.wire import answer_schema, excerpts, read_answer
from agents.wording import coverage, likeness
from app.core.errors import Cancelled, LongreelError
from app.core.events import Drafted, Warned
from app.core.types import Message, SegmentKind

SHOWN = 5
"""Passages in a prompt."""
WORTH = 0.4
"""The share of the best passage's fit that another needs to be shown beside it."""
ALIKE = 0.75
ANSWER_TOKENS = 90
QUOTABLE = 0.5
"""A passage that fits this well may be quoted as the answer when no model can phrase one."""


def answer(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["verify"]]:
    """Drafts an answer: by code where quoting or listing is the answer, else by the language model."""
    work = runtime.context
    work.budget.check()
    draft = _draft(state, runtime)
    claims = tuple((claim.text, tuple(p.id for p in claim.passages)) for claim in draft.claims)
    runtime.stream_writer(Drafted(claims, draft.by))
    return Command(goto="verify", update={"draft": draft})


def _draft(state: AgentState, runtime: Runtime[Work]) -> Draft:
    plan, passages = state["plan"], usable(state["plan"], state["passages"])
    if state["options"]:
        return choose(plan, passages, state["options"], runtime.context)
    if plan.question_type is QuestionType.SUMMARY and not plan.scope:
        return overview(passages, state["videos"], runtime.context.parts.library)
    if plan.question_type is QuestionType.COUNT:
        return counted(plan, state["passages"])
    if not passages:
        return Draft(by="rules")
    if plan.question_type is QuestionType.MOMENT:
        return moment(plan, passages)
    if plan.reads_all:
        return read_aloud(plan, passages)
    if plan.question_type is QuestionType.VISUAL and not _is_told(plan, passages, runtime.context):
        return Draft(by="rules")
    return _phrased(plan, passages, runtime) or quoted(plan, passages, QUOTABLE)


def _is_told(plan: Plan, passages: Sequence[Passage], work: Work) -> bool:
    """Whether words may tell what pictures show; without a vision model nothing else can."""
    stems = premise_stems(plan.question)
    best = max(coverage(stems, p.text) for p in passages)
    return work.parts.vision_language_model is not None or best >= 0.5


def shown(plan: Plan, passages: Sequence[Passage]) -> list[Passage]:
    """The few best passages, in time order, as a prompt shows them; tags only when tags are asked for."""
    readable = [p for p in passages if p.kind is not SegmentKind.CAPTION or SegmentKind.CAPTION in plan.sources]
    shape = wanted(plan.question)
    if shape and any(shape.fits(p.text) for p in readable):
        readable.sort(key=lambda p: not shape.fits(p.text))
        readable = [p for p in readable if shape.fits(p.text)] if plan.pick else readable
    if plan.pick and readable:
        least = 0.0 if plan.strict else 0.7 * readable[0].score
        readable = [p for p in readable if p.score >= least]
        readable.sort(key=lambda p: p.span.start_s, reverse=plan.pick == "last")
    if not (plan.pick or plan.scope or plan.anchor):
        readable = _unlike([p for p in readable if p.score >= WORTH * readable[0].score])
    return sorted(readable[:SHOWN], key=lambda p: (p.video_id, p.span.start_s))


def _unlike(passages: Sequence[Passage]) -> list[Passage]:
    """Without repeats that differ in a few letters, such as a running clock on the screen; the best of each stays."""
    kept: list[Passage] = []
    for passage in passages[: 4 * SHOWN]:
        if all(passage.kind is not k.kind or likeness(passage.text, k.text) < ALIKE for k in kept):
            kept.append(passage)
    return kept


def _phrased(plan: Plan, passages: Sequence[Passage], runtime: Runtime[Work]) -> Draft | None:
    """The language model's answer; None when there is no model or it fails, so that evidence is quoted instead."""
    work = runtime.context
    model, few = work.parts.language_model, shown(plan, passages)
    if model is None or not few or not work.budget.has_words:
        return None
    labelled = {p.id: known for p, known in zip(numbered(few), few, strict=True)}
    messages = [
        Message("system", prompt("answer")),
        Message("user", f"{excerpts(numbered(few))}\n\nQuestion: {plan.question}"),
    ]
    try:
        reply = read_answer(
            work.budget.spend(
                model.complete(messages, max_tokens=ANSWER_TOKENS, schema=answer_schema(list(labelled)))
            ).text
        )
    except Cancelled:
        raise
    except LongreelError as error:
        runtime.stream_writer(Warned(f"The language model failed, so the best evidence is quoted: {error}"))
        return None
    if reply is None:
        return None
    named = tuple(labelled[id] for id in reply.ids if id in labelled)
    claims = (Claim(reply.text, named),) if reply.text and named else ()
    return Draft(claims, by=model.model)
