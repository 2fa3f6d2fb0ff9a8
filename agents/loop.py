"""The loop: the model thinks and calls tools, in turns, until it answers; a rejected answer gets one turn to repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agents.conversation import render
from agents.evidence import Finding, Passage, expanded
from agents.llm import ask_json
from agents.parts import AgentRun
from agents.state import AgentState, Claim, DraftAnswer, Note, Observation, Said
from agents.tools.answer import ANSWER, AnswerCall
from agents.tools.base import Outcome, ToolContext
from agents.tools.registry import available_tools, read_arguments, run_tool, shown_arguments
from app.core.errors import Cancelled, LongreelError, ToolRefused
from app.core.events import Called, Delta, ToolStarted, Warned
from app.core.types import Completion, Message, ToolCall
from app.text.options import option_place

Exit = Literal["think", "use", "judge", "finish"]
MOST_CALLS = 8
"""Calls of one turn that are carried out; a model that makes more can make the others in its next turn."""
MOST_LISTED_CALLS = 64
TOO_MANY_CALLS = f"Not run: {MOST_CALLS} calls are carried out in one turn. Call it again in the next."
THINKING_TOKENS = 2000
SHOWN_CHARACTERS = 600
NO_ANSWER = "The model gave no usable answer."
OUT_OF_TIME = "The time ran out. Ask again with more of it (max_seconds, or LONGREEL_AGENT__MAX_SECONDS)."
USE_ANSWER = "Use the tools. When you have the answer, or cannot find it, call `answer` with the evidence."


def think(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Exit]:
    """One turn of the model: it calls tools, which then run side by side, or answers."""
    work = runtime.context
    work.budget.check()
    if not work.budget.has_time:
        return Command(goto="finish", update={"problems": (OUT_OF_TIME,)})
    try:
        turn = _next_turn(state, work, runtime)
    except LongreelError as error:
        return give_up(error, runtime)
    answer = next((call for call in turn.calls if call.name == ANSWER.name), None)
    if answer is not None:
        return _answered(state, work, turn.text, answer)
    if not turn.calls or not work.budget.has_step:
        return _retry(state, work, Said(turn.text), Note(USE_ANSWER))
    calls, too_many = turn.calls[:MOST_CALLS], turn.calls[MOST_CALLS:MOST_LISTED_CALLS]
    work.budget.take_step()
    sends = [Send("use", {**state, "call": call}) for call in calls]
    not_run = (Observation(call, (TOO_MANY_CALLS,), refused=True) for call in too_many)
    return Command(goto=cast(Any, sends), update={"log": (Said(turn.text, (*calls, *too_many)), *not_run)})


def give_up(error: LongreelError, runtime: Runtime[AgentRun]) -> Command[Any]:
    """Ends a run whose model failed or ran out of time. Raises Cancelled when the answer is no longer wanted."""
    problem = OUT_OF_TIME
    if isinstance(error, Cancelled):
        runtime.context.budget.check()
    else:
        problem = f"The language model failed: {error}"
        runtime.stream_writer(Warned(problem))
    return Command(goto="finish", update={"problems": (problem,)})


def use(state: AgentState, runtime: Runtime[AgentRun]) -> dict[str, Any]:
    """Carries out one call. What it refuses, or what fails, is an observation for the model."""
    work, call = runtime.context, state["call"]
    work.budget.check()
    shown = shown_arguments(call)
    runtime.stream_writer(ToolStarted(call.name, shown, call.id))
    problems: tuple[str, ...] = ()
    refused = False
    try:
        outcome = run_tool(call, ToolContext(work, state, runtime.stream_writer))
    except Cancelled:
        work.budget.check()
        outcome, refused = Outcome(("The time ran out. Answer from what you have.",)), True
    except ToolRefused as error:
        outcome, refused = Outcome((str(error),)), True
    except LongreelError as error:
        outcome, refused = Outcome((f"The tool failed: {error}",)), True
        problems = (f"{call.name} failed: {error}",)
        runtime.stream_writer(Warned(problems[0]))
    passages = [part for part in outcome.parts if isinstance(part, Passage)]
    findings = [part for part in outcome.parts if isinstance(part, Finding)]
    evidence = (*(p for finding in findings for p in finding.passages), *passages)
    text = "\n".join(p if isinstance(p, str) else p.text if isinstance(p, Finding) else p.line for p in outcome.parts)
    summary = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    about = tuple(sorted({one.video_id for one in evidence}))
    runtime.stream_writer(Called(call.name, shown, summary, refused, call.id, about))
    return {
        "log": (Observation(call, outcome.parts, refused),),
        "evidence": evidence,
        "findings": tuple(findings),
        "inspected": outcome.inspected,
        "problems": problems,
    }


def _next_turn(state: AgentState, work: AgentRun, runtime: Runtime[AgentRun]) -> Completion:
    """What the model says next. After two turns without a call, or when it is forced to answer, its answer is read from
    a schema instead."""
    assert work.parts.chat is not None
    has_step = work.budget.has_step
    left = f"Left: {work.budget}." if has_step else "No steps are left: call `answer` now, from what you have."
    *before, last = render(state, work)
    # At the end of the last message, so that roles keep alternating.
    messages = [*before, Message(last.role, (*last.parts, left), last.calls, last.call_id)]
    turns = [entry for entry in state["log"] if isinstance(entry, Said)]
    if state.get("forced") or (len(turns) >= 2 and not turns[-1].calls and not turns[-2].calls):
        reply = ask_json(work, messages, AnswerCall, max_output=THINKING_TOKENS)
        call = ToolCall(f"answer-{len(turns)}", ANSWER.name, reply.model_dump_json())
        return Completion("", calls=(call,), finish="calls")
    tools = [tool.spec() for tool in available_tools(work).values()] if has_step else []
    return work.budget.spend(
        work.parts.chat.chat(
            messages,
            max_output=THINKING_TOKENS,
            tools=[*tools, ANSWER],
            stop=work.budget.is_over,
            on_text=lambda text: runtime.stream_writer(Delta(text)),
        )
    )


def _answered(state: AgentState, work: AgentRun, text: str, call: ToolCall) -> Command[Exit]:
    turn = Said(text, (call,))
    try:
        draft = read_draft(read_arguments(AnswerCall, call), state)
        if draft.stated == "yes" and not draft.claims:
            raise ToolRefused("Give statements with their evidence, or set `stated` to no or unsure.")
        if state["options"] and draft.stated == "yes" and draft.option is None:
            raise ToolRefused("This is multiple choice: set `option` to the letter of the option that is supported.")
    except ToolRefused as error:
        return _retry(state, work, turn, Observation(call, (str(error),), refused=True))
    if not draft.claims and any(one.verdict == "yes" for one in state["judged"]):
        # A repair that only gives up withdraws what was not accepted, and nothing else.
        kept = tuple(one if one.verdict == "yes" else replace(one, verdict="no") for one in state["judged"])
        return Command(goto="finish", update={"log": (turn,), "judged": kept})
    return Command(goto="judge", update={"log": (turn,), "call": call, "draft": draft})


def _retry(state: AgentState, work: AgentRun, turn: Said, reason: Note | Observation) -> Command[Exit]:
    """Lets the model try again, which costs a step. When none is left, it has to answer as JSON, once."""
    has_step = work.budget.has_step
    if not has_step and state.get("forced"):
        return Command(goto="finish", update={"log": (turn, reason), "problems": (NO_ANSWER,)})
    if has_step:
        work.budget.take_step()
    return Command(goto="think", update={"log": (turn, reason), "forced": not has_step})


def read_draft(reply: AnswerCall, state: AgentState) -> DraftAnswer:
    """The draft of an answer call, its ids looked up. What is said of an answer that is not given is no claim."""
    options = state["options"]
    statements = reply.statements if options and reply.stated == "yes" else ()
    places = (option_place(text, options) for text in (reply.option, *(one.text for one in statements)))
    option = next((place for place in places if place is not None), None)
    if reply.stated == "no" or (reply.stated == "unsure" and option is None):
        return DraftAnswer((), reply.stated, option, tuple(reply.could_be_in))
    claims = [_claim(one.text, one.evidence, state) for one in reply.statements if one.text.strip()]
    if option is not None:
        # What is judged of a choice names the option, whatever the statement leaves out.
        chosen = options[option]
        claims = [
            claim
            if chosen.casefold() in claim.text.casefold()
            else replace(claim, text=f"{chosen} ({claim.text.rstrip('.')})")
            for claim in claims
        ] or [Claim(chosen, ())]
    return DraftAnswer(tuple(claims), reply.stated, option, tuple(reply.could_be_in))


def _claim(text: str, ids: Sequence[str], state: AgentState) -> Claim:
    passages = {passage.id: passage for passage in state["evidence"]}
    findings = {finding.id: finding for finding in state["findings"]}
    cited = dict.fromkeys(id for written in ids for id in expanded(written))
    own = [passages[id] for id in cited if id in passages]
    cited_findings = tuple(findings[id] for id in cited if id in findings)
    by_key = {passage.key: passage for passage in state["evidence"]}
    computed = [by_key.get(p.key, p) for finding in cited_findings for p in finding.passages]
    known = {p.key: p for p in (*own, *computed)}
    unknown = tuple(id for id in cited if id not in passages and id not in findings)
    return Claim(text.strip(), tuple(known.values()), cited_findings, unknown)
