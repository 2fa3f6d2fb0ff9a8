"""respond: a call for each question names the evidence and answers from it; the replies become the draft."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command
from pydantic import BaseModel, Field

from agents.evidence import Passage, expanded, titled_line
from agents.evidence.files import answer_by_length
from agents.evidence.mentions import answer_by_mentions
from agents.evidence.question_classifier import AskedFor, question_classifier
from agents.evidence.sounds import answer_by_sounds
from agents.evidence.things import answer_by_tracks
from agents.llm import ask_json, weigh
from agents.loop import give_up
from agents.parts import AgentRun
from agents.pipeline.gather import SEARCHED, WORDS, rank
from agents.prompts import examples, prompt
from agents.state import AgentState, Claim, DraftAnswer
from agents.tools.base import ToolContext
from agents.tools.search import find, likeness
from app.core.errors import LongreelError
from app.core.timecode import clock, parse_clock
from app.core.types import Message, SegmentKind
from app.text.fuzzy import contains
from app.text.options import letter, option_place
from app.text.tokens import words

UNKNOWN, STATED = "unknown", '{"'
"""How the model's reply begins where the lines do not give the answer, and where they do."""
UNKNOWN_JSON = '{"answers": [{"evidence": [], "answer": "unknown"}]}'
"""What a model that gives no probabilities replies where the lines do not give the answer."""
NOT_STATED = 0.85
"""Probability of `UNKNOWN` from which the lines are taken not to give the answer.

Left to itself, the packaged model finds an answer in any lines; its probability of saying so is the better sign. The
bar keeps nearly all that the lines state; of questions with no answer there but something close by, it still lets most
pass."""
HELD = 0.9
"""How much of an answer a passage contains that holds its words, letter by letter."""
COPIED = 4
"""Words in a row that an answer has in common with an example, but not with the lines, only if it copied them."""
ONLY_IDS = re.compile(r"(?:E\d+[\s,;.]*)+")
FIELDS_WITH_FRAMES = 4
"""Of a time code: hours, minutes, seconds and frames."""
NO_MODEL = "No language model is connected, so nothing was concluded. Connect one with 'longreel connect URL'."
MOST_QUOTED = 3
"""Passages that are quoted where no language model is connected."""


class AnsweredPart(BaseModel):
    """The answer to one part of a question."""

    evidence: list[str] = Field(max_length=4)
    answer: str = Field(max_length=300)


class Reading(BaseModel):
    """What the model replies: an answer for each part of the question."""

    answers: list[AnsweredPart] = Field(min_length=1, max_length=3)


class Choice(BaseModel):
    """What the model replies to a multiple-choice question."""

    evidence: list[str] = Field(max_length=4)
    option: str = Field(max_length=1)


def respond(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["judge", "finish"]]:
    """Reads the gathered passages and drafts an answer from them."""
    work, question = runtime.context, state["question"]
    work.budget.check()
    is_single = not state["options"] and len(state["asked"]) <= 1
    try:
        asked = _asked_for(question, work) if is_single else None
        context = ToolContext(work, state, runtime.stream_writer)
        found = _by_code(question, asked, context) if is_single and not state["region"] else None
        if found is None and work.parts.chat is None:
            best = rank(question, list(state["evidence"]), work)[:MOST_QUOTED]
            closest = f" The closest passages are: {'; '.join(f'“{one.text[:160]}”' for one in best)}" if best else ""
            return Command(goto="finish", update={"problems": (NO_MODEL + closest,)})
        draft = _draft(context) if found is None else DraftAnswer((found,), "yes")
        if asked is AskedFor.SEEN and not work.sees:
            draft = replace(draft, could_be_in=("pictures",), needs_eyes=True)
    except LongreelError as error:
        return give_up(error, runtime)
    return Command(goto="judge", update={"draft": draft})


def _by_code(question: str, asked: AskedFor | None, context: ToolContext) -> Claim | None:
    """What code answers from the things that were followed, the sounds that were heard, the length of the file, and the
    lines in which something is said or shown; None for anything else."""
    work, state = context.work, context.state
    scope_of = functools.partial(state["plan"].spans, state["videos"])

    def search(term: str) -> list[Passage]:
        found = find([term], scope_of(), WORDS, SEARCHED, work)
        near = dict(zip(found, likeness(found, [term], work), strict=True))
        return sorted(found, key=lambda passage: -near[passage])

    found = answer_by_tracks(work, question, scope_of(SegmentKind.OBJECT))
    found = found or answer_by_sounds(work, question, scope_of(SegmentKind.SOUND))
    found = found or answer_by_length(asked, state["videos"])
    found = found or answer_by_mentions(work, question, asked, scope_of, search)
    if found is None:
        return None
    keys = {passage.key for passage in found.passages}
    shown = tuple(p for p in state["evidence"] if p.key in keys) or found.passages
    return Claim(found.text, shown, by_code=True)


def _asked_for(question: str, work: AgentRun) -> AskedFor | None:
    return question_classifier().asked_for(question, work.parts.text_embedder)


def _draft(context: ToolContext) -> DraftAnswer:
    state, work = context.state, context.work
    if not state["evidence"]:
        return DraftAnswer((), "no")
    if state["options"]:
        return _choose(state, work)
    if len(state["asked"]) > 1:
        claims = []
        for one in state["asked"]:
            found = _by_code(one, _asked_for(one, work), context)
            answers = [found] if found is not None else _read_lines(state, one, work)
            claims += [replace(claim, question=one) for claim in answers]
    else:
        claims = _read_lines(state, state["question"], work)
    return DraftAnswer(tuple(claims), "yes" if claims else "no")


def _read_lines(state: AgentState, question: str, work: AgentRun) -> list[Claim]:
    """What the model answers from the lines; nothing where they do not give it."""
    messages = [Message("system", prompt("lines")), *examples("lines"), Message("user", _asked(state, question))]
    shares = weigh(work, messages, (UNKNOWN, STATED))
    if shares is None:
        # Held to JSON, the model cannot reply with the bare word.
        messages = [replace(one, content=UNKNOWN_JSON) if one.text == UNKNOWN else one for one in messages]
    elif shares[UNKNOWN] >= NOT_STATED:
        return []
    reading = ask_json(work, messages, Reading, max_output=260)
    claims = []
    for part in reading.answers:
        cited = _cited(part.evidence, state["evidence"])
        holding = [passage for passage in state["evidence"] if contains(part.answer, passage.text) >= HELD]
        if cited and len(holding) == 1 and holding[0] not in cited:
            # A small model often names a neighbour of the line that it read from.
            cited = (holding[0],)
        if cited and _says_something(part.answer.strip(), messages):
            claims.append(Claim(part.answer.strip(), cited))
    return claims


def _choose(state: AgentState, work: AgentRun) -> DraftAnswer:
    """The option that the lines support; none where they support none."""
    options = state["options"]
    listed = "\n".join(f"{letter(at)}. {option}" for at, option in enumerate(options))
    ask = f"{_asked(state, state['question'])}\n{listed}\nReply with the letter of the option that the lines support."
    messages = [Message("system", prompt("choice")), Message("user", ask)]
    reply = ask_json(work, messages, Choice, max_output=80)
    place = option_place(reply.option, options)
    if place is None:
        return DraftAnswer((), "no")
    claim = Claim(options[place], _cited(reply.evidence, state["evidence"]))
    return DraftAnswer((claim,), "yes", place)


def _asked(state: AgentState, question: str) -> str:
    """The lines and the question; small models do not know a time code with frames, so it becomes a clock time."""
    lines = []
    for passage in state["evidence"]:
        # Without its time: small models take seconds for the numbers of lines.
        line = titled_line(passage, state["videos"]).replace(passage.text, " ".join(passage.text.split()))
        lines.append(f"{passage.id} {line[:600]}")
    scope = state["plan"].scope
    for word in scope.words.split() if scope else ():
        time_s = parse_clock(word) if len(re.split("[:;]", word)) == FIELDS_WITH_FRAMES else None
        question = question if time_s is None else question.replace(word, clock(time_s))
    return "\n".join(["Lines:", *lines, f"Question: {question}"])


def _cited(ids: list[str], passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    known = {passage.id: passage for passage in passages}
    written = [f"E{id}" if id.isdigit() else id for id in ids]
    return tuple(dict.fromkeys(known[id] for one in written for id in expanded(one) if id in known))


def _says_something(answer: str, messages: Sequence[Message]) -> bool:
    """Whether a reply is an answer: not "unknown", more than ids, and nothing that a small model took from the examples
    of its prompt instead of the lines."""
    if UNKNOWN in answer.casefold() or ONLY_IDS.fullmatch(answer):
        return False
    *before, lines = (_runs(message.text) for message in messages)
    return not _runs(answer) & (set().union(*before) - lines)


def _runs(text: str) -> set[tuple[str, ...]]:
    """All runs of `COPIED` words in a text."""
    tokens = words(text)
    return {tuple(tokens[at : at + COPIED]) for at in range(len(tokens) - COPIED + 1)}
