"""Verify: every claim against its evidence; what is not supported is repaired or dropped, and the answer is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.choice import none_option
from agents.closing import answer_of, refusal_of
from agents.prompts import conversation
from agents.state import AgentState, Claim, Passage, QuestionType, Work
from agents.verification import Verdict, absent_entities, absent_premises, best_units, check
from agents.wanted import premise_stems, wanted
from agents.wire import refuses
from agents.wording import coverage, joined
from app.core.errors import Cancelled, LongreelError
from app.core.events import Verified
from app.core.types import Message, SegmentKind

NEAR_S = 20.0
"""How far around a passage the names of a question may stand."""
LIKE = 0.3
"""Cosine of claim and evidence below which they do not mean the same, whatever words they share."""
SURE = 0.85
"""A passage that fits the question this well, with all words of its premise, needs no second opinion."""
CHECK_TOKENS = 16


def verify(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["__end__"]]:
    """Keeps supported claims and writes the answer; without one it says that the video does not tell."""
    work, draft = runtime.context, state["draft"]
    work.budget.check()
    kept: list[Claim] = []
    for claim in draft.claims:
        verdict, repaired = _verdict(claim, state, work)
        ids = tuple(p.id for p in repaired.passages if p.id)
        runtime.stream_writer(Verified(claim.text, verdict.supported, verdict.reason, ids))
        if verdict.supported:
            kept.append(repaired)
    if kept:
        return Command(goto="__end__", update={"answer": answer_of(kept, state, work)})
    if state["options"]:
        draft = replace(draft, option_index=none_option(state["options"]))
    return Command(goto="__end__", update={"answer": refusal_of(draft, state, work), "draft": draft})


def _verdict(claim: Claim, state: AgentState, work: Work) -> tuple[Verdict, Claim]:
    premises = premise_verdict(claim, state, work)
    if not premises.supported:
        return premises, claim
    if claim.verbatim:
        return Verdict(True, "quoted from the evidence"), claim
    if state["options"]:
        return Verdict(True, "the evidence supports this option best"), _narrowed(claim, state)
    failed: Verdict | None = None
    for passages in _candidates(claim, state):
        verdict = check(claim.text, passages, state["question"])
        if verdict.supported:
            verdict = _meant(claim, passages, state, work)
            return verdict, _narrowed(Claim(claim.text, tuple(passages)), state)
        failed = failed or verdict
    return failed or Verdict(False, "there is no evidence"), claim


def _candidates(claim: Claim, state: AgentState) -> list[Sequence[Passage]]:
    """The passages that the claim names, then others that may support it instead, best first."""
    others = [p for p in state["passages"][:8] if p not in claim.passages]
    return [claim.passages, *([p] for p in others)]


def _narrowed(claim: Claim, state: AgentState) -> Claim:
    words = f"{claim.text} {state['question']}"
    return Claim(claim.text, tuple(best_units(words, p) for p in claim.passages), claim.verbatim)


def premise_verdict(claim: Claim, state: AgentState, work: Work) -> Verdict:
    """Whether what the question takes for granted stands in or near the evidence, and the claim has the wanted shape."""
    plan = state["plan"]
    if plan.reads_all or plan.question_type in (QuestionType.SUMMARY, QuestionType.COUNT):
        return Verdict(True, "")
    shape = wanted(plan.question)
    told = " ".join(p.text for p in claim.passages) if claim.verbatim else claim.text
    if shape and not state["options"] and not shape.fits(told):
        return Verdict(False, f"the question wants {shape.name}, and the evidence gives none")
    near = "\n".join(context_of(p, work) for p in claim.passages)
    wide = near if plan.anchor is None else "\n".join([near, *(p.text for p in state["passages"][:5])])
    entities = plan.question.replace(plan.anchor.text, " ") if plan.anchor else plan.question
    missing = absent_entities(entities, wide)
    if missing:
        return Verdict(False, f"the evidence does not mention {joined(missing)}")
    stems = premise_stems(entities)
    absent = absent_premises(entities, "\n".join([wide, *(p.text for p in state["passages"][:5])]))
    if stems and len(absent) / len(stems) > 0.6:
        return Verdict(False, f"nothing in the video is about {joined(absent)}")
    return Verdict(True, "")


def context_of(passage: Passage, work: Work) -> str:
    """What is said and written around a passage: it may name what the passage calls "it"."""
    around = passage.span.padded(NEAR_S)
    said = work.parts.library.utterances(passage.video_id, around)
    written = work.parts.library.segments(passage.video_id, kinds=(SegmentKind.SCREEN_TEXT,), window=around)
    return "\n".join([passage.text, *(u.text for u in said), *(s.text for s in written)])


def _meant(claim: Claim, passages: Sequence[Passage], state: AgentState, work: Work) -> Verdict:
    """Likeness of meaning, and the language model's opinion with the evidence alone."""
    text = " ".join(p.text for p in passages)
    vectors = work.parts.text_embedder.embed([f"{state['question']} {claim.text}", claim.text, text])
    cosine = float(max(vectors[0] @ vectors[2], vectors[1] @ vectors[2]))
    if cosine < LIKE:
        return Verdict(False, "the claim and the evidence do not mean the same")
    return _second_opinion(passages, state, work) or Verdict(True, "words and meaning agree with the evidence")


def _second_opinion(passages: Sequence[Passage], state: AgentState, work: Work) -> Verdict | None:
    """Whether the language model finds an answer in the evidence alone; None when it is not needed or cannot be asked."""
    model = work.parts.language_model
    text = " ".join(context_of(p, work) if len(p.text) < 60 else p.text for p in passages)
    complete = coverage(premise_stems(state["question"]), text) == 1.0
    if model is None or not work.budget.has_words or (complete and max(p.score for p in passages) >= SURE):
        return None
    asked = Message("user", f'Transcript: "{" ".join(text.split())[:700]}"\nQuestion: {state["question"]}')
    try:
        said = work.budget.spend(model.complete([*conversation("check"), asked], max_tokens=CHECK_TOKENS)).text
    except Cancelled:
        raise
    except LongreelError:
        return None
    if refuses(said):
        return Verdict(False, "the evidence alone does not answer the question")
    return Verdict(True, "words and meaning agree with the evidence, and the evidence alone answers the question")
