from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from agents.agent import AgentParts, VideoAgent
from agents.sampling import evenly
from app.core.events import Answered, Event, Inspected
from app.core.ports import FrameFetch
from app.core.settings import Agent
from app.core.types import FrameFeatures, TimeSpan
from gpu_workers.vision.fakes import FakeFrameEmbedder
from tests.unit.agents.parts import Desk, Said

FLASH: list[Said] = [(104.0, 109.0, "SECRET NUMBER 4471, never to be shown for longer than a few seconds")]


class Lit:
    """Takes the frames that differ most within themselves, in time order. Plays `QueryFrameSelector`."""

    name = "lit"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []

    def select(
        self, question: str, candidates: Sequence[FrameFeatures], budget: int, *, fetch: FrameFetch
    ) -> list[int]:
        self.asked.append((question, len(candidates), budget))
        return sorted(sorted(range(len(candidates)), key=lambda place: -candidates[place].contrast)[:budget])


def looked(question: str, *, selects: bool, settings: Agent | None = None) -> tuple[Lit, list[Event]]:
    desk, lit = Desk(hidden=FLASH, settings=settings), Lit()
    chooses = replace(desk.parts, frame_embedder=FakeFrameEmbedder(), query_frame_selector=lit)
    parts: AgentParts = chooses if selects else desk.parts
    return lit, list(VideoAgent(parts).ask(question, [desk.video]))


def seen(events: Sequence[Event]) -> list[float]:
    return [time for event in events if isinstance(event, Inspected) for time in event.frames_s]


def test_in_a_long_span_the_frames_are_chosen_for_the_question() -> None:
    question = "Which secret number is written on the screen in the first 5 minutes?"
    lit, events = looked(question, selects=True)
    assert lit.asked == [(question, 24, 6)]
    assert 106.25 in seen(events)
    last = events[-1]
    assert isinstance(last, Answered) and "4471" in last.answer["text"]
    assert last.answer["usage"]["frames"] == len(seen(events)) == 6


def test_without_a_method_evenly_spaced_frames_miss_it() -> None:
    _, events = looked("Which secret number is written on the screen in the first 5 minutes?", selects=False)
    assert seen(events) == evenly(TimeSpan(0, 300), 6)
    assert events[-1].answer["status"] == "not_in_video"  # type: ignore[union-attr]


def test_a_short_span_is_seen_evenly() -> None:
    lit, events = looked("Which secret number is written on the screen in the first 2 minutes?", selects=True)
    assert lit.asked == []
    assert seen(events) == evenly(TimeSpan(0, 120), 6)


@pytest.mark.parametrize("most", [0, 2])
def test_the_budget_bounds_what_is_chosen(most: int) -> None:
    question = "Which secret number is written on the screen in the first 5 minutes?"
    lit, events = looked(question, selects=True, settings=Agent(max_frames=most))
    assert len(seen(events)) == most
    assert [budget for _, _, budget in lit.asked] == [most] * bool(most)
