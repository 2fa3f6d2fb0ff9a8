"""Verify: every claim against its evidence; what is not supported is repaired or dropped, and the answer is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.agreement import agreed
from agents.choice import likeliest, none_option
from agents.closing import answer_of, refusal_of
from agents.passages import NEAR_S
from agents.prompts import conversation
from agents.quoting import quoted, usable
from agents.state import SELF_EVIDENT, AgentState, Claim, Draft, Passage, Plan, QuestionType, Work
from agents.verification import (
    Verdict,
    absent_entities,
    absent_numbers,
    absent_premises,
    best_units,
    check,
    is_only_spoken_of,
    said_by,
)
from agents.wanted import premise_stems, role_stem, wanted
from agents.wire import refuses
from agents.wording import contains_phrase, content_stems, coverage, is_title, joined
from agents.writing import write
from app.core.errors import Cancelled, LongreelError
from app.core.events import Listener, Verified
from app.core.types import Message, SegmentKind

LIKE = 0.3
"""Cosine of claim and evidence below which they do not mean the same, whatever words they share."""
MOST = 0.5
"""A question is not about the evidence when more than this share of its words is missing there."""
SAME_TOPIC = 0.55
"""Cosine of question and evidence from which other words may mean the same."""
FEW_TEXTS = 3
"""A video with no more texts than this shows hardly any."""
SURE = 0.85
"""A passage that fits the question this well, with all words of its premise, needs no second opinion."""
CHECK_TOKENS = 16
DOUBTED = "Only pictures could tell this, and two looks at them do not agree."


def verify(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["__end__"]]:
    """Keeps supported claims and writes the answer; without one it says that the video does not tell."""
    work, draft = runtime.context, state["draft"]
    work.budget.check()
    kept: list[Claim] = []
    doubted = False
    for claim in draft.claims:
        if claim.hedged:
            kept.append(claim)
            ids = tuple(p.id for p in claim.passages if p.id)
            runtime.stream_writer(
                Verified(claim.text, False, "told by a classifier only; nothing here could look", ids)
            )
            continue
        verdict, repaired = _verdict(claim, state, work, runtime.stream_writer)
        ids = tuple(p.id for p in repaired.passages if p.id)
        runtime.stream_writer(Verified(claim.text, verdict.supported, verdict.reason, ids))
        doubted = doubted or verdict.doubted
        if verdict.supported:
            kept.append(repaired)
    if not kept and draft.claims and state["plan"].scope and is_placed(state["plan"]) and not state["options"]:
        kept = list(quoted(state["plan"], usable(state["plan"], state["passages"]), 0.0).claims)
    if kept:
        return Command(goto="__end__", update={"answer": answer_of(kept, state, work)})
    refused = _refused(replace(draft, refusal=DOUBTED, undecided=True) if doubted else draft, state, work)
    return Command(goto="__end__", update={"answer": refusal_of(refused, state, work), "draft": refused})


def _refused(draft: Draft, state: AgentState, work: Work) -> Draft:
    """The draft of a refusal: of several options, the one that says that the video does not tell."""
    if not state["options"]:
        return draft
    draft = replace(draft, option_index=none_option(state["options"]))
    if draft.option_index is None and work.parts.settings.always_choose:
        return replace(draft, option_index=likeliest(state["plan"], state["passages"], state["options"], work))
    return draft


def _verdict(claim: Claim, state: AgentState, work: Work, tell: Listener) -> tuple[Verdict, Claim]:
    """The first evidence that supports the claim: what it names, else what else was found.

    Evidence of pictures alone must stand a second look.
    """
    failed: Verdict | None = None
    for passages in _candidates(claim, state):
        tried = replace(claim, passages=tuple(passages))
        verdict = premise_verdict(tried, state, work)
        if verdict.supported and not claim.verbatim and not state["options"]:
            verdict = check(claim.text, passages, state["question"])
        if verdict.supported:
            verdict = _meant(tried, state, work)
            seen = agreed(tried, state, work, tell) if verdict.supported else None
            verdict = seen or verdict
            if verdict.supported or not (verdict.doubted or (failed and failed.doubted)):
                return verdict, tried if claim.verbatim else _narrowed(tried, state)
        failed = failed or verdict
    return failed or Verdict(False, "there is no evidence"), claim


def _candidates(claim: Claim, state: AgentState) -> list[Sequence[Passage]]:
    """The passages that the claim names, then others that may support it instead, best first."""
    if claim.verbatim or state["options"]:
        return [claim.passages]
    others = [p for p in state["passages"][:8] if p not in claim.passages]
    return [claim.passages, *([p] for p in others)]


def _narrowed(claim: Claim, state: AgentState) -> Claim:
    words = f"{claim.text} {state['question']}"
    return Claim(claim.text, tuple(best_units(words, p) for p in claim.passages), claim.verbatim)


def premise_verdict(claim: Claim, state: AgentState, work: Work) -> Verdict:
    """Whether the question's premises stand in or near the evidence, and the claim has the wanted shape."""
    plan = state["plan"]
    if plan.reads_all or plan.value or plan.question_type in SELF_EVIDENT:
        return Verdict(True, "")
    shape = wanted(plan.question)
    told = " ".join(p.text for p in claim.passages) if claim.verbatim and not claim.counted else claim.text
    if shape and shape.strict and not state["options"] and not shape.fits(told):
        return Verdict(False, f"the question wants {shape.name}, and the evidence gives none")
    question = plan.question
    for event in (plan.anchor.text, plan.anchor.until) if plan.anchor else ():
        question = question.replace(event, " ") if event else question
    near = "\n".join(context_of(p, work) for p in claim.passages)
    role = role_stem(question)
    if role and coverage([role], near) == 0.0:
        return Verdict(False, f"nothing there tells who does that: {role}")
    speaker = said_by(question)
    if speaker and any(is_only_spoken_of(speaker, p.text) for p in claim.passages):
        return Verdict(False, f"{speaker} is spoken of there, but nothing shows that these are words of {speaker}")
    if _is_all_there_is_to_read(claim, state, work):
        return Verdict(True, "")
    known = near + ("\n" + _everything(state, work) if speaker or plan.anchor else "")
    missing = absent_entities(question, known)
    if missing:
        return Verdict(False, f"the evidence does not mention {joined(missing)}")
    return _told_of(claim, question, near, state, work)


def _is_all_there_is_to_read(claim: Claim, state: AgentState, work: Work) -> bool:
    """Whether the claim rests on text of a video that shows hardly any other.

    What the text stands on ("printed on his shirt", "beside the fist") is not in its words, and with
    so little text there is no other that could be meant.
    """
    plan = state["plan"]
    if not (plan.strict and plan.sources == (SegmentKind.SCREEN_TEXT,) and plan.scope is None and plan.anchor is None):
        return False
    if any(p.kind is not SegmentKind.SCREEN_TEXT for p in claim.passages) or absent_numbers(state["question"], ""):
        return False
    return all(
        len([s for s in work.parts.library.segments(id, kinds=plan.sources) if s.question is None]) <= FEW_TEXTS
        for id in {p.video_id for p in claim.passages}
    )


def _told_of(claim: Claim, question: str, near: str, state: AgentState, work: Work) -> Verdict:
    """Whether most of what the question speaks of stands near the evidence, in its words or in its meaning."""
    plan, stems = state["plan"], premise_stems(question)
    absent = absent_premises(question, near)
    if not stems or is_placed(plan) or len(absent) / len(stems) <= MOST:
        return Verdict(True, "")
    visual = plan.question_type is QuestionType.VISUAL
    if state["options"] and not visual and _speaks_for_itself(claim.text):
        return Verdict(True, "")
    vectors = work.parts.text_embedder.embed([question, *(line for line in near.split("\n") if line.strip())])
    if not visual and float(max(vectors[1:] @ vectors[0], default=0.0)) >= SAME_TOPIC:
        return Verdict(True, "")
    return Verdict(False, f"nothing there is about {joined(absent)}")


def _speaks_for_itself(option: str) -> bool:
    """Whether an option tells what it answers; a word or a name may stand in the video for other reasons."""
    return len(content_stems(option, scaffolding=True)) > 1 and not is_title(option)


def is_placed(plan: Plan) -> bool:
    """Whether the question names its evidence by place or time, which the evidence itself does not repeat."""
    return plan.strict and (plan.scope is not None or SegmentKind.SCREEN_TEXT in plan.sources)


def _everything(state: AgentState, work: Work) -> str:
    """All that is said and written, with the titles: who speaks may be named anywhere."""
    library, texts = work.parts.library, []
    for video in state["videos"]:
        texts += [video.title, *(u.text for u in library.utterances(video.id))]
        texts += [s.text for s in library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,))]
    return "\n".join(texts)


def context_of(passage: Passage, work: Work) -> str:
    """What is said and written around a passage: it may name what the passage calls "it"."""
    around = passage.span.padded(NEAR_S)
    said = work.parts.library.utterances(passage.video_id, around)
    written = work.parts.library.segments(passage.video_id, kinds=(SegmentKind.SCREEN_TEXT,), window=around)
    return "\n".join([passage.text, *(u.text for u in said), *(s.text for s in written)])


def _meant(claim: Claim, state: AgentState, work: Work) -> Verdict:
    """Likeness of meaning to the evidence or a sentence of it, and the model's opinion with the evidence alone."""
    if claim.verbatim:
        return Verdict(True, "quoted from the evidence")
    if state["options"]:
        return Verdict(True, "the evidence supports this option best")
    text = " ".join(p.text for p in claim.passages)
    if is_placed(state["plan"]):
        return _held_in_place(claim, text, state, work)
    told = [text, *(unit for p in claim.passages for _, unit in p.units)]
    vectors = work.parts.text_embedder.embed([f"{state['question']} {claim.text}", claim.text, *told])
    if float((vectors[:2] @ vectors[2:].T).max()) < LIKE:
        return Verdict(False, "the claim and the evidence do not mean the same")
    opinion = _second_opinion(claim.passages, state, work)
    return opinion or Verdict(True, "words and meaning agree with the evidence")


def _held_in_place(claim: Claim, text: str, state: AgentState, work: Work) -> Verdict:
    """Text that stands where the question points is not like the question in meaning: a number, a name, a code."""
    if state["plan"].scope is not None or contains_phrase(claim.text, text):
        return Verdict(True, "the words of the claim stand in the evidence at the place that the question names")
    opinion = _second_opinion(claim.passages, state, work)
    return opinion or Verdict(True, "the words of the claim stand in the evidence")


def _second_opinion(passages: Sequence[Passage], state: AgentState, work: Work) -> Verdict | None:
    """Whether the language model finds an answer in the evidence alone; None when it is not needed or absent."""
    bare = bool(state.get("wording"))
    text = " ".join(context_of(p, work) if bare or len(p.text) < 60 else p.text for p in passages)
    complete = coverage(premise_stems(state["question"]), text) == 1.0
    if complete and max(p.score for p in passages) >= SURE:
        return None
    asked = Message("user", f'Transcript: "{" ".join(text.split())[:700]}"\nQuestion: {state["question"]}')
    try:
        said = write(work, [*conversation("check"), asked], max_tokens=CHECK_TOKENS)
    except Cancelled:
        raise
    except LongreelError:
        return None
    if said is None:
        return None
    if refuses(said):
        return Verdict(False, "the evidence alone does not answer the question")
    return Verdict(True, "words and meaning agree with the evidence, and the evidence alone answers the question")
