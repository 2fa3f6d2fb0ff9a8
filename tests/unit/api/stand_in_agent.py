"""An agent whose answer depends on the question's words, so that each way an answer can end is reachable over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from agents.plans import Plan
from app.core.errors import Cancelled, WorkerFailed
from app.core.events import Answered, Delta, Event, Hit, Planned, Searched, Understood, Verified
from app.core.settings import Agent as Limits
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, Turn, Usage, Video, to_json
from app.core.types.objects import Region
from app.text.time_expressions import TimeScope

DURATION_S = 20.0
SAID = (
    (2.0, 4.5, "Welcome to the harbour."),
    (8.0, 11.0, "The bridge opened in March {1932} & cost <nothing>."),
    (15.0, 18.0, "Thank you for watching."),
)
SEARCHED = ("what is said", "the text on screen")
MISSING = ("No model looked at the pictures; set LONGREEL_VLM_URL.",)


@dataclass
class Agent:
    """Plays the agent: knows no cats, cannot decide on colours, fails about crashes, never ends about eternity."""

    pace_s: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)
    """Set when a question was cancelled, or nobody wanted its next step."""
    forgotten: list[str] = field(default_factory=list)
    limits: Limits | None = None
    """Those of the last question."""
    turns: Sequence[Turn] = ()
    """What was asked before the last question."""
    region: Region | None = None
    """The part of the picture that the last question is about."""
    go_on: threading.Event = field(default_factory=threading.Event)
    """Lets questions with the word "slowly" go on."""
    round: int = 0
    """Questions of an earlier round end."""

    def ask(
        self,
        question: str,
        videos: Sequence[Video],
        *,
        options: Sequence[str],
        turns: Sequence[Turn],
        plan: Plan | None,
        run_id: str,
        limits: Limits | None,
        region: Region | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Event]:
        self.limits, self.turns, self.region = limits, turns, region
        try:
            if turns:
                asked, question = question, f"{question} (after: {turns[-1].understood})"
                yield Understood(asked, question)
            yield _planned(question, plan)
            self._wait(cancelled, forever="eternity" in question)
            while "slowly" in question and not self.go_on.is_set():
                self._wait(cancelled, forever=False, least_s=0.05)
            if "crash" in question:
                raise WorkerFailed("The model could not run.", "Try again.")
            if "bug" in question:
                raise ZeroDivisionError("a secret of the inside")
            if "colour" in question:
                yield Answered(to_json(Answer(AnswerStatus.INSUFFICIENT, "It is not certain.", missing=MISSING)))
                return
            if "cat" in question:
                yield Searched(question, ())
                yield Answered(to_json(Answer(AnswerStatus.NOT_IN_VIDEO, "The video does not say.", searched=SEARCHED)))
                return
            start, end, text = SAID[1]
            span = TimeSpan(start, end)
            yield Searched(question, (Hit("E1", videos[0].id, span, "speech", text, 0.9),))
            self._wait(cancelled, forever=False)
            yield Delta("It opened in ")
            yield Delta("1932.")
            yield Verified("It opened in 1932.", "yes", "the numbers match", ("E1",))
            cited = Citation(videos[0].id, span, SegmentKind.SPEECH, text, 9.0, True)
            chosen = 1 if options else None
            usage = Usage(0.5, 2, 0, 100, 20)
            yield Answered(
                to_json(Answer(AnswerStatus.ANSWERED, "It opened in {1932} <b>.", 0.86, (cited,), chosen, usage))
            )
        except GeneratorExit:
            self.stopped.set()
            raise

    def plan(self, question: str, turns: Sequence[Turn]) -> Plan:
        scope = TimeScope(-60.0, float("inf"), "in the last minute") if "last minute" in question else None
        return Plan(question, (question,), (SegmentKind.SPEECH,), scope)

    def forget(self, run_id: str) -> None:
        self.forgotten.append(run_id)

    def _wait(self, cancelled: Callable[[], bool], forever: bool, least_s: float = 0.0) -> None:
        until = float("inf") if forever else time.monotonic() + max(self.pace_s, least_s)
        begun_in = self.round
        while time.monotonic() < until:
            if cancelled() or self.round != begun_in:
                self.stopped.set()
                raise Cancelled("The question was cancelled.")
            time.sleep(0.02)


def _planned(question: str, plan: Plan | None) -> Planned:
    if plan is None:
        return Planned("pipeline", "", (question,), ("speech",))
    window = plan.scope.window(DURATION_S) if plan.scope else None
    return Planned("pipeline", "", plan.queries, tuple(map(str, plan.sources)) or ("speech",), window, by="user")
