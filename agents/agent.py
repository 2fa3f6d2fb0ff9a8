"""The agent: answers a question about videos with citations, telling each step as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from agents.checkpoints import RECURSION, Checkpoints, streamed
from agents.followups import FollowUp
from agents.graph import build_graph
from agents.modes import work_of
from agents.nodes.plan import planned
from agents.nodes.understand import understood
from agents.state import AgentState, Plan
from app.core.errors import BadInput, WorkerFailed
from app.core.events import Answered, Event
from app.core.ports import (
    AudioSource,
    EntityStore,
    FrameEmbedder,
    FrameSource,
    LanguageModel,
    QueryFrameSelector,
    Retriever,
    TextEmbedder,
    TextReader,
    Transcriber,
    VideoLibrary,
    VisionLanguageModel,
)
from app.core.settings import Agent
from app.core.types import Answer, AnswerStatus, Turn, Video, to_json


def never() -> bool:
    """The answer of those who do not cancel."""
    return False


def unchanged(confidence: float) -> float:
    """The agent's own confidence."""
    return confidence


@dataclass(frozen=True)
class AgentParts:
    """What the agent works with. Both models may be None: then evidence is quoted, and pictures are not looked at."""

    retriever: Retriever
    library: VideoLibrary
    text_embedder: TextEmbedder
    settings: Agent
    language_model: LanguageModel | None
    vision_language_model: VisionLanguageModel | None
    text_reader: TextReader
    frames: FrameSource
    audio: AudioSource
    transcriber: Transcriber
    frame_embedder: FrameEmbedder | None = None
    entities: EntityStore | None = None
    """Who and what the videos mention; None where nobody noted it."""
    query_frame_selector: QueryFrameSelector | None = None
    """Chooses the frames of a closer look at a long span, with the frame embedder; without both they are even."""


class VideoAgent:
    """Plans, searches, inspects, reflects, answers and verifies."""

    def __init__(
        self,
        parts: AgentParts,
        calibrate: Callable[[float], float] = unchanged,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """`calibrate`: the confidence to tell for the agent's own, of answers that are given.

        `checkpoints`: where runs with an id are stored, so that they can be resumed.
        """
        self._parts = parts
        self._checkpoints = checkpoints
        self._calibrate = calibrate
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
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """The steps as events; the last is `Answered`. An error is raised, never answered.

        `turns`: what was asked before in the same conversation; the question may point back to it.
        `plan`: how to answer, when the person who asks has decided that; see `agents.plans`.
        `run_id`: with one, a run that was killed goes on after its last step when asked again; see `forget`.
        `limits`: settings for this answer instead of the agent's own.
        Options are put in alphabetical order before anything is compared, so that their order cannot matter.

        Raises BadInput for an empty question or a single option, Cancelled when `cancelled` says so, and what the
        parts raise.
        """
        if not question.strip():
            raise BadInput("The question is empty.", "Ask something about the video.")
        if len(options) == 1:
            raise BadInput("One option is no choice.", "Give at least two options, or none.")
        order = sorted(range(len(options)), key=lambda i: options[i])
        sorted_options = tuple(options[i] for i in order)
        asked = question.strip()
        start = AgentState(
            question=asked,
            asked=asked,
            videos=tuple(videos),
            options=sorted_options,
            turns=tuple(turns),
            given=plan,
        )
        answer: Answer | None = None
        parts = replace(self._parts, settings=limits or self._parts.settings)
        for mode, item in self._stream(start, parts, run_id, cancelled):
            if mode == "custom":
                yield cast(Event, item)
            else:
                answer = cast(dict[str, Any], item).get("answer", answer)
        if answer is None:
            raise WorkerFailed("The agent ended without an answer.", "Ask again; see the log.")
        if answer.option_index is not None:
            answer = replace(answer, option_index=order[answer.option_index])
        if answer.status is AnswerStatus.ANSWERED:
            answer = self._calibrated(answer)
        yield Answered(to_json(answer))

    def _calibrated(self, answer: Answer) -> Answer:
        told = tuple(
            one if one.confidence is None else replace(one, confidence=self._calibrate(one.confidence))
            for one in answer.citations
        )
        return replace(answer, confidence=self._calibrate(answer.confidence), citations=told)

    def plan(self, question: str, turns: Sequence[Turn] = ()) -> Plan:
        """How a question would be answered, without answering it. Raises BadInput for an empty one."""
        if not question.strip():
            raise BadInput("The question is empty.", "Ask something about the video.")
        work = work_of(self._parts, never)
        found = understood(question.strip(), turns, work) or FollowUp(question.strip())
        return planned(found.question, found.anchor, work)

    def forget(self, run_id: str) -> None:
        """Removes what is stored of a run; to be called when its answer was stored, or when it was cancelled."""
        if run_id and self._checkpoints:
            self._checkpoints.forget(run_id)

    def _stream(
        self, start: AgentState, parts: AgentParts, run_id: str, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[str, Any]]:
        if run_id and self._checkpoints:
            return self._checkpoints.stream(run_id, start, parts, cancelled)
        work = work_of(parts, cancelled)
        return streamed(self._graph, start, {"recursion_limit": RECURSION}, work)
