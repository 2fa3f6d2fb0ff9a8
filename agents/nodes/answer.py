"""Answer: claims, each tied to the passages it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.causes import told_why
from agents.choice import by_measures, choose, choose_count, choose_number
from agents.comparing import compared
from agents.ordering import choose_order, in_order
from agents.passages import numbered
from agents.prompts import prompt
from agents.quoting import counted, moment, named_items, numbered_items, overview, quoted, read_aloud, usable
from agents.saying import statement, who_said
from agents.screen import at_place
from agents.state import AgentState, Claim, Draft, Located, Passage, Plan, QuestionType, Work
from agents.tags import measured
from agents.wanted import ODD_ONE, premises, wanted
from agents.wire import answer_schema, excerpts, read_answer
from agents.wording import content_stems, coverage, likeness
from agents.writing import write
from app.core.errors import Cancelled, LongreelError
from app.core.events import Drafted, Warned
from app.core.types import Message, SegmentKind, TimeSpan, VideoId

SHOWN = 5
"""Passages in a prompt."""
BEST = 2
"""Passages that are shown first however they read, when the shape of an answer is only likely."""
WORTH = 0.4
"""The share of the best passage's fit that another needs to be shown beside it."""
ALIKE = 0.75
ANSWER_TOKENS = 90
TOLD = 0.5
"""The share of a question's premises that one text must hold for words to tell what pictures show."""
QUOTABLE = 0.5
"""A passage that fits this well may be quoted as the answer when no model can phrase one."""


def answer(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["verify"]]:
    """Drafts an answer: by code where quoting or listing is the answer, else by the language model.

    What a model that chooses its steps has answered is the draft.
    """
    work = runtime.context
    work.budget.check()
    draft = state.get("proposed") or _draft(state, runtime)
    claims = tuple((claim.text, tuple(p.id for p in claim.passages)) for claim in draft.claims)
    runtime.stream_writer(Drafted(claims, draft.by))
    return Command(goto="verify", update={"draft": draft})


def _draft(state: AgentState, runtime: Runtime[Work]) -> Draft:
    work, plan = runtime.context, state["plan"]
    passages = usable(plan, state["passages"])
    blind = plan.question_type is QuestionType.VISUAL and work.parts.vision_language_model is None
    blind = blind and not _is_told(plan, passages)
    if state["options"]:
        return by_measures(plan, state["passages"], state["options"]) if blind else _option(state, passages, work)
    listed = _listed(state, passages, work)
    if listed:
        return listed
    if ODD_ONE.search(plan.question):
        return Draft(by="rules", refusal="The question speaks of options, but none were given.", undecided=True)
    if blind:
        return measured(plan, state["passages"])
    if not passages:
        return Draft(by="rules")
    return _by_code(plan, passages, work) or _phrased(plan, passages, runtime) or quoted(plan, passages, QUOTABLE)


def _option(state: AgentState, passages: Sequence[Passage], work: Work) -> Draft:
    """The option that times, a count or a list decide, else the one that the evidence supports best."""
    plan, options = state["plan"], state["options"]
    decided = choose_count(plan, state["passages"], options)
    if decided is None and (items := numbered_items(plan, passages)):
        (claim,) = items.claims
        decided = choose_number(claim.counted, claim.passages, options)
    if plan.question_type is QuestionType.ORDER:
        decided = choose_order(plan, _located(state), options)
    return decided or choose(plan, passages, options, work)


def _listed(state: AgentState, passages: Sequence[Passage], work: Work) -> Draft | None:
    """The answer where it only lists what was found; None for other questions."""
    plan = state["plan"]
    if plan.question_type is QuestionType.SUMMARY and not plan.scope:
        return overview(passages, state["videos"], work.parts.library)
    if plan.question_type is QuestionType.COUNT:
        return counted(plan, state["passages"])
    if plan.question_type is QuestionType.ORDER:
        return in_order(plan, _located(state))
    if plan.question_type is QuestionType.COMPARE:
        return compared(plan.question, _located(state))
    if plan.question_type is QuestionType.CAUSE:
        return told_why(_located(state))
    return None


def _located(state: AgentState) -> list[Located]:
    """The events or videos with their passages under the ids that the trace shows."""
    known = {_place(p): p for p in state["passages"]}
    return [
        one if one.passage is None else replace(one, passage=known.get(_place(one.passage), one.passage))
        for one in state.get("located", ())
    ]


def _place(passage: Passage) -> tuple[VideoId, SegmentKind, TimeSpan]:
    return passage.video_id, passage.kind, passage.span


def _by_code(plan: Plan, passages: Sequence[Passage], work: Work) -> Draft | None:
    """The answer where quoting is all that is wanted; None where it must be phrased."""
    said = statement(plan.question)
    if said:
        return who_said(said, passages, work.parts.library)
    if plan.question_type is QuestionType.MOMENT:
        return moment(plan, passages)
    if plan.reads_all:
        return read_aloud(plan, passages)
    if plan.place and plan.unit:
        return read_aloud(plan, at_place(plan, passages))
    return numbered_items(plan, passages) or named_items(plan, passages)


def _is_told(plan: Plan, passages: Sequence[Passage]) -> bool:
    """Whether words may tell what pictures show; without a vision model nothing else can."""
    return max((coverage(premises(plan), p.text) for p in passages), default=0.0) >= TOLD


def shown(plan: Plan, passages: Sequence[Passage]) -> list[Passage]:
    """The few best passages, in time order, as a prompt shows them; tags only when tags are asked for."""
    readable = [p for p in passages if p.kind is not SegmentKind.CAPTION or SegmentKind.CAPTION in plan.sources]
    shape = wanted(plan.question)
    if shape and any(shape.fits(p.text) for p in readable):
        best = 0 if shape.strict else BEST
        readable[best:] = sorted(readable[best:], key=lambda p: not shape.fits(p.text))
        readable = [p for p in readable if shape.fits(p.text)] if plan.pick and shape.strict else readable
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


def narrowed(passage: Passage, told: str, few: Sequence[Passage]) -> Passage:
    """What was said or written itself, in place of a summary of it that tells no more of `told`."""
    if passage.kind is not SegmentKind.SUMMARY:
        return passage
    stems = content_stems(told)
    least = coverage(stems, passage.text)
    inside = [
        p
        for p in few
        if p.kind in (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
        if p.video_id == passage.video_id and p.span.overlaps(passage.span) and coverage(stems, p.text) >= least
    ]
    return max(inside, key=lambda p: p.score, default=passage)


def _phrased(plan: Plan, passages: Sequence[Passage], runtime: Runtime[Work]) -> Draft | None:
    """The language model's answer; None when there is no model or it fails, so that evidence is quoted instead."""
    work = runtime.context
    few = shown(plan, passages)
    if not few:
        return None
    labelled = {p.id: known for p, known in zip(numbered(few), few, strict=True)}
    messages = [
        Message("system", prompt("answer")),
        Message("user", f"{excerpts(numbered(few))}\n\nQuestion: {plan.question}"),
    ]
    try:
        text = write(work, messages, max_tokens=ANSWER_TOKENS, schema=answer_schema(list(labelled)))
    except Cancelled:
        raise
    except LongreelError as error:
        runtime.stream_writer(Warned(f"The language model failed, so the best evidence is quoted: {error}"))
        return None
    reply = None if text is None else read_answer(text)
    if reply is None:
        return None
    named = tuple(narrowed(labelled[id], f"{plan.question} {reply.text}", few) for id in reply.ids if id in labelled)
    named = tuple(dict.fromkeys(named))
    claims = (Claim(reply.text, named),) if reply.text and named else ()
    return Draft(claims, by=work.parts.language_model.model if work.parts.language_model else "")
