from __future__ import annotations

import json
import math
from typing import Any

import pytest

from agents import rules
from agents.agent import VideoAgent
from agents.plans import plan_from_json, plan_to_json
from app.core.errors import BadInput
from app.core.events import Planned, Understood
from app.core.types import SegmentKind, Turn
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk

QUESTIONS = (
    "How much does the bridge cost?",
    "What is said in the last minute?",
    "What is written at 1:32?",
    "What is the last line of text shown?",
    "At what time does the frame counter reach 002700?",
    "What is said right after the vote on the bridge?",
    "Summarise the video.",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_plan_survives_json(question: str) -> None:
    plan = rules.plan(question)
    again = plan_from_json(json.loads(json.dumps(plan_to_json(plan), allow_nan=False)))
    assert again.by == "user"
    assert plan_to_json(again) == {**plan_to_json(plan), "by": "user"}


def changed(**parts: Any) -> dict[str, Any]:
    return {**plan_to_json(rules.plan("How much does the bridge cost?")), **parts}


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"question": "  "}, "no question"),
        ({"question_type": "riddle"}, "question_type"),
        ({"queries": [" "]}, "query of the plan is empty"),
        ({"queries": []}, "looks for nothing"),
        ({"sources": ["smell"]}, "sources"),
        ({"scope": {"start": 30, "end": 10, "words": ""}}, "ends before it starts"),
        ({"scope": {"start": 0.2, "end": 2, "words": "", "share": True}}, "shares"),
        ({"scope": {"start": math.nan, "end": 2, "words": ""}}, "start in seconds"),
        ({"scope": {"start": 0, "end": 2, "words": "", "at": -1}}, "no time of a video"),
        ({"anchor": {"text": " ", "side": "after"}}, "names no event"),
        ({"anchor": {"text": "the vote", "side": "between"}}, "second one"),
        ({"anchor": {"text": "the vote", "side": "beneath"}}, "anchor.side"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_with_a_reason(parts: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint) as caught:
        plan_from_json(changed(**parts))
    assert caught.value.hint


def test_a_changed_plan_decides_where_is_looked() -> None:
    desk = Desk(MEETING, SLIDES)
    question = "How much does the bicycle bridge cost?"
    shown = plan_from_json(changed(question=question, queries=["bicycle bridge"], sources=["screen_text"], strict=True))
    events = list(VideoAgent(desk.parts).ask(question, [desk.video], plan=shown))
    planned = next(event for event in events if isinstance(event, Planned))
    assert (planned.by, planned.queries, planned.sources) == ("user", ("bicycle bridge",), ("screen_text",))
    kinds = {hit.kind for event in events if event.type == "searched" for hit in event.hits}
    assert kinds == {str(SegmentKind.SCREEN_TEXT)}


def test_the_plan_of_a_question_that_points_back_is_that_of_the_whole_one() -> None:
    desk = Desk(MEETING, SLIDES)
    turn = Turn("What does the county pay?", "What does the county pay?", desk.ask("What does the county pay?"))
    agent = VideoAgent(desk.parts)
    plan = agent.plan("And after that?", [turn])
    assert (
        plan.question.startswith("What is said right after") and plan.anchor is not None and plan.anchor.at is not None
    )
    given = plan_from_json(plan_to_json(plan))
    asked = list(agent.ask("And after that?", [desk.video], plan=given))
    told = list(agent.ask("And after that?", [desk.video], turns=[turn]))
    assert isinstance(asked[0], Understood) and asked[0].question == plan.question
    assert asked[-1].type == told[-1].type == "answered"
    assert asked[-1].answer["citations"] == told[-1].answer["citations"]
