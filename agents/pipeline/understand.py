"""understand: follow-ups, and several questions in one, written out by the model. The loop needs neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command
from pydantic import BaseModel, Field

from agents.evidence.question_classifier import AskedFor, question_classifier
from agents.llm import ask_json, weigh
from agents.parts import AgentRun
from agents.prompts import examples, prompt
from agents.state import AgentState
from app.core.errors import LongreelError
from app.core.events import Understood
from app.core.types import Message, Turn

REMEMBERED = 2
"""Earlier turns that a small model is shown."""
SEVERAL = 0.65
"""Probability from which a question is taken for several. Of 32 written ones in five languages, 11 of the 12 that were
several reached it, and one of the others."""
MOST_PARTS = 3


class Whole(BaseModel):
    """What the model replies."""

    question: str = Field(max_length=300)


class Split(BaseModel):
    """What the model replies."""

    questions: list[str] = Field(min_length=1, max_length=MOST_PARTS)


def understand(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["gather", "zoom_in"]]:
    """Writes out what is asked."""
    work = runtime.context
    work.budget.take_step()
    question = whole_question(state["question"], state["turns"], work)
    if question != state["question"]:
        runtime.stream_writer(Understood(state["question"], question, "model"))
    if state["region"]:
        return Command(goto="zoom_in", update={"question": question})
    questions = (question,) if state["options"] else single_questions(question, work)
    return Command(goto="gather", update={"question": question, "asked": questions})


def single_questions(question: str, work: AgentRun) -> tuple[str, ...]:
    """The questions that one asks at once, each to be understood alone; itself where it is one, or no model can say."""
    ask = Message("user", question)
    try:
        if question_classifier().asked_for(question, work.parts.text_embedder) is AskedFor.ORDER:
            return (question,)  # about several things
        shares = weigh(work, [Message("system", prompt("parts")), *examples("parts"), ask], ("two", "one"))
        if shares is None or shares["two"] < SEVERAL:
            return (question,)
        messages = [Message("system", prompt("split")), *examples("split"), ask]
        reply = ask_json(work, messages, Split, max_output=160)
    except LongreelError:
        work.budget.check()
        return (question,)
    return tuple(dict.fromkeys(one.strip() for one in reply.questions if one.strip())) or (question,)


def whole_question(question: str, turns: Sequence[Turn], work: AgentRun) -> str:
    """The question as it would be asked without the turns before it; itself where no model can say."""
    if not turns or work.parts.chat is None:
        return question
    before = "\n".join(f"Q: {turn.understood}\nA: {turn.answer.text}" for turn in turns[-REMEMBERED:])
    messages = [Message("system", prompt("follow_up")), Message("user", f"{before}\n\nNew question: {question}")]
    try:
        return ask_json(work, messages, Whole, max_output=120).question.strip() or question
    except LongreelError:
        work.budget.check()
        return question
