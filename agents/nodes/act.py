"""Act: the language model chooses one tool, again and again, until it answers or its steps are used up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.actions import Answer, Choose, Tool, manual, read_action, schema
from agents.choice import bears_out, none_option
from agents.passages import Narrower
from agents.prompts import prompt
from agents.quoting import cited, usable
from agents.state import AgentState, Claim, Draft, Passage, QuestionType, Step, Work
from agents.toolbox import Toolbox, kinds_of
from agents.verification import best_units
from agents.writing import write
from app.core.errors import Cancelled, LongreelError, ToolRefused
from app.core.events import Called, Warned
from app.core.types import Message

ACTION_TOKENS = 400
"""The longest step, tokens."""
REMEMBERED = 8000
"""Characters of what tools found that a model is shown again; of the rest only which tools they were."""
SHORT = 300


def act(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["act", "search", "answer"]]:
    """Lets the model use one tool. Once no step is left, it can only answer; if it does not, rules take over.

    What a tool refuses is told to the model. Other errors of tools are raised.
    """
    work = runtime.context
    work.budget.check()
    last = not work.budget.has_step
    kinds = kinds_of(state, work)[-1:] if last else kinds_of(state, work)
    try:
        text = write(work, _conversation(state, kinds, last=last), max_tokens=ACTION_TOKENS, schema=schema(kinds))
    except Cancelled:
        raise
    except LongreelError as error:
        return _by_rules(f"The language model failed, so rules choose the steps: {error}", runtime)
    if text is None:
        return _by_rules("The language model had no time or tokens left to answer, so rules do.", runtime)
    if not last:
        return _one_step(text, kinds, state, runtime)
    try:
        return _ended(read_action(text, kinds), state, work)
    except ToolRefused as error:
        return _by_rules(f"The language model did not answer within its steps, so rules do: {error.message}", runtime)


def _one_step(
    text: str, kinds: Sequence[type[Tool]], state: AgentState, runtime: Runtime[Work]
) -> Command[Literal["act", "search", "answer"]]:
    """Carries out what the model chose."""
    work = runtime.context
    name, arguments = "", text[:SHORT]
    try:
        call = read_action(text, kinds)
        name, arguments = call.name(), call.arguments()
        if isinstance(call, Answer | Choose):
            return _ended(call, state, work)
        work.budget.step()
        if any(_same(call, step, kinds) for step in state.get("steps", ())):
            raise ToolRefused("That was done already.", "Use another tool or other words, or end the work.")
        done = Toolbox(state, work).use(call)
    except ToolRefused as refused:
        if not name or name in ("answer", "choose"):
            work.budget.step()
        runtime.stream_writer(Called(name or "none", arguments, refused.message, refused=True))
        step = Step(text, f"That could not be done: {refused}")
        return Command(goto="act", update={"steps": (*state.get("steps", ()), step)})
    runtime.stream_writer(Called(name, arguments, done.told[:SHORT]))
    if done.event:
        runtime.stream_writer(done.event)
    steps = (*state.get("steps", ()), Step(text, done.told))
    return Command(goto="act", update={"steps": steps, "passages": done.passages, "findings": done.findings})


def _same(call: Tool, step: Step, kinds: Sequence[type[Tool]]) -> bool:
    """Whether an earlier step was the same call; small models repeat themselves."""
    try:
        return call == read_action(step.action, kinds)
    except ToolRefused:
        return False


def _by_rules(why: str, runtime: Runtime[Work]) -> Command[Literal["act", "search", "answer"]]:
    runtime.stream_writer(Warned(why))
    return Command(goto="search", update={"passages": ()})


def _conversation(state: AgentState, kinds: Sequence[type[Tool]], *, last: bool) -> list[Message]:
    """The question and every step so far, with what the last tools found in full."""
    messages = [
        Message("system", f"{prompt('free')}\n{manual(kinds)}"),
        Message("user", _task(state)),
    ]
    left = REMEMBERED
    turns: list[Message] = []
    for step in reversed(state.get("steps", ())):
        left -= len(step.observation)
        told = step.observation if left >= 0 else "Found before; its evidence can still be named."
        turns += [Message("user", told), Message("assistant", step.action[: 2 * SHORT])]
    messages += reversed(turns)
    if last:
        told = f"{messages[-1].content}\n\nNo steps are left: {kinds[-1].name()} now."
        messages[-1] = replace(messages[-1], content=told)
    return messages


def _task(state: AgentState) -> str:
    lines = [f'V{at} "{v.title}", 0 to {v.duration_s:.1f} s' for at, v in enumerate(state["videos"], start=1)]
    scope = state["plan"].scope
    if scope:
        windows = ((at, scope.window(v.duration_s)) for at, v in enumerate(state["videos"], start=1))
        stretches = [f"V{at} {w.start_s:.1f}-{w.end_s:.1f} s" for at, w in windows if w]
        lines.append(f'"{scope.words}" means {"; ".join(stretches) or "a time past the end"}')
    lines += ["", f"Question: {state['question']}"]
    lines += [f"Option: {option}" for option in state["options"]]
    return "\n".join(lines)


def _ended(call: Tool, state: AgentState, work: Work) -> Command[Literal["act", "search", "answer"]]:
    """Hands the model's answer on to be checked. Raises ToolRefused for evidence or an option that there is not."""
    model = work.parts.language_model
    draft = Draft(by=model.model if model else "")
    if isinstance(call, Answer):
        claims = [claim for one in call.statements for claim in _claims(one.text, one.evidence, state)]
        draft = replace(draft, claims=tuple(claims))
    elif isinstance(call, Choose) and call.option:
        draft = _chosen(call, draft, state, work)
    ranked = Narrower(state["plan"].question, work.parts.library, work.parts.text_embedder).ranked(state["passages"])
    fits = {p.id: p for p in ranked}
    claims = [replace(c, passages=tuple(fits[p.id] for p in c.passages)) for c in draft.claims]
    confidence = ranked[0].score if ranked else 0.0
    proposed = replace(draft, claims=tuple(claims))
    return Command(goto="answer", update={"proposed": proposed, "passages": tuple(ranked), "confidence": confidence})


def _chosen(call: Choose, draft: Draft, state: AgentState, work: Work) -> Draft:
    """The draft with the option, or with none where the option is that the videos do not tell."""
    options = state["options"]
    if call.option not in options:
        raise ToolRefused(f"There is no option {call.option}.", "Copy one letter by letter.")
    index = options.index(call.option)
    if index == none_option(options):
        return replace(draft, option_index=index)
    passages = usable(state["plan"], _named(call.evidence, state))
    if not bears_out(index, state["plan"], passages, options, work):
        raise ToolRefused("That evidence does not speak for that option.", "Name what does, or choose an empty option.")
    return replace(draft, claims=(Claim(call.option, passages),), option_index=index)


def _claims(text: str, evidence: Sequence[str], state: AgentState) -> list[Claim]:
    """One statement with what it names: a finding as code wrote it, a moment with its time, else the model's words."""
    findings = {f"F{at}": claim for at, claim in enumerate(state.get("findings", ()), start=1)}
    told = [findings[id] for id in evidence if id in findings]
    if told:
        return told
    passages = _named(evidence, state)
    if state["plan"].question_type is QuestionType.MOMENT:
        narrowed = [best_units(f"{text} {state['question']}", p) for p in usable(state["plan"], passages)]
        return [Claim(cited(p), (p,), verbatim=True) for p in narrowed]
    return [Claim(text, usable(state["plan"], passages))]


def _named(evidence: Sequence[str], state: AgentState) -> tuple[Passage, ...]:
    known = {p.id: p for p in state["passages"]}
    missing = [id for id in evidence if id not in known]
    if missing or not evidence:
        raise ToolRefused(
            f"There is no evidence {', '.join(missing)}." if missing else "A statement names no evidence.",
            "Name what was found, such as E1.",
        )
    return tuple(known[id] for id in evidence)
