"""The agent: answers a question about videos with citations, and reports each step as it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from agents.budget import Budget
from agents.checkpoints import STREAMED, Checkpoints
from agents.graph import build_graph
from agents.parts import AgentParts, AgentRun
from agents.pipeline.understand import whole_question
from agents.plans import Plan
from agents.state import AgentState
from app.core.errors import BadInput, WorkerFailed
from app.core.events import Answered, Event
from app.core.settings import Agent
from app.core.types import Answer, AnswerStatus, Turn, Video, to_json
from app.core.types.objects import Region
from app.text.time_expressions import TimeScope, find_scope


def never() -> bool:
    """For callers who do not cancel."""
    return False


class VideoAgent:
    """Answers questions: by a loop in which the model uses tools, or by a short pipeline for small models."""

    def __init__(
        self, parts: AgentParts, calibrate: Callable[[float], float] = float, checkpoints: Checkpoints | None = None
    ) -> None:
        """`calibrate`: turns the agent's own confidence in an answer into the one that is reported.

        `checkpoints`: where runs with an id are stored, so that they can be resumed.
        """
        self._parts = parts
        self._calibrate = calibrate
        self._checkpoints = checkpoints
        self._graph = build_graph()

    def ask(
        self,
        question: str,
        videos: Sequence[Video],
        *,
        options: Sequence[str] = (),
        turns: Sequence[Turn] = (),
        plan: Plan | None = None,
        run_id: str = "",
        limits: Agent | None = None,
        region: Region | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """The steps as events; the last is `Answered`. An error is raised, never answered.

        `turns`: what was asked before in the same conversation; the question may point back to it.
        `plan`: where to look, when the person who asks has decided that; see `agents.plans`.
        `run_id`: with one, a run that was killed goes on after its last step when asked again; see `forget`.
        `limits`: settings for this answer instead of the agent's own.
        `region`: the part of the picture of the one video that the question is about.
        Options are put in alphabetical order before a model sees them, so that their order cannot matter.

        Raises BadInput for an empty question or a single option, Cancelled when `cancelled` says so, and what the
        parts raise.
        """
        question = question.strip()
        _check(question, options)
        order = sorted(range(len(options)), key=lambda i: options[i])
        if plan and plan.by == "user":
            question = plan.question
        plan = replace(plan or Plan(question, scope=find_scope(question)), question=question)
        if plan.by != "user" and not plan.spans(videos):
            plan = replace(plan, scope=None)  # "after twenty minutes" in a recipe of five is no time of the video
        if region is not None:
            plan = replace(plan, scope=TimeScope(region.span.start_s, region.span.end_s, ""))
        start = AgentState(
            question=question,
            asked=(),
            videos=tuple(videos),
            options=tuple(options[i] for i in order),
            turns=tuple(turns),
            plan=plan,
            region=region,
            judged=(),
            repairs=0,
        )
        parts = replace(self._parts, settings=limits or self._parts.settings)
        steps: Iterator[Any]
        if run_id and self._checkpoints:
            steps = self._checkpoints.stream(run_id, start, parts, cancelled)
        else:
            work = AgentRun(parts, Budget(parts.settings, cancelled))
            steps = self._graph.stream(start, context=work, stream_mode=STREAMED)
        answer: Answer | None = None
        for mode, item in steps:
            if mode == "custom":
                yield cast(Event, item)
            else:
                answer = cast(dict[str, Any], item).get("answer", answer)
        if answer is None:
            raise WorkerFailed("The agent ended without an answer.", "Ask again; see the log.")
        if answer.option_index is not None:
            answer = replace(answer, option_index=order[answer.option_index])
        if answer.status is AnswerStatus.ANSWERED and answer.confidence is not None:
            answer = replace(answer, confidence=self._calibrate(answer.confidence))
        yield Answered(to_json(answer))

    def plan(self, question: str, turns: Sequence[Turn] = ()) -> Plan:
        """Where the agent would look, without answering. Raises BadInput for an empty question."""
        question = question.strip()
        _check(question, ())
        whole = whole_question(question, turns, AgentRun(self._parts, Budget(self._parts.settings, never)))
        return Plan(whole, (whole,), (), find_scope(whole), "rules" if whole == question else "model")

    def forget(self, run_id: str) -> None:
        """Removes what is stored of a run; to be called when its answer was stored, or when it was cancelled."""
        if run_id and self._checkpoints:
            self._checkpoints.forget(run_id)


def _check(question: str, options: Sequence[str]) -> None:
    if not question:
        raise BadInput("The question is empty.", "Ask something about the video.")
    if len(options) == 1:
        raise BadInput("A multiple-choice question needs at least two options.", "Give more options, or none.")
