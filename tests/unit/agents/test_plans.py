from __future__ import annotations

import json
import math
from typing import Any

import pytest

from agents.agent import VideoAgent
from agents.plans import Plan, plan_from_json, plan_to_json
from app.core.errors import BadInput
from app.core.events import Planned
from app.core.types import SegmentKind
from app.text.time_expressions import TimeScope, find_scope
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, agent_chat, answers, calls

PLAN = Plan(
    "How much does the bridge cost?", ("bridge cost",), (SegmentKind.SPEECH,), TimeScope(60, 120, "from 1:00 to 2:00")
)


@pytest.mark.parametrize("question", ["What is said in the last minute?", "What is written at 1:32?", "Who pays?"])
def test_a_plan_survives_json(question: str) -> None:
    plan = Plan(question, (question,), (), find_scope(question))
    again = plan_from_json(json.loads(json.dumps(plan_to_json(plan), allow_nan=False)))
    assert again.by == "user"
    assert plan_to_json(again) == {**plan_to_json(plan), "by": "user"}


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ({"question": "  "}, "no question"),
        ({"queries": [" "]}, "query of the plan is empty"),
        ({"sources": ["smell"]}, "sources"),
        ({"scope": {"start": 30, "end": 10, "words": ""}}, "ends before it starts"),
        ({"scope": {"start": 0.2, "end": 2, "words": "", "share": True}}, "shares"),
        ({"scope": {"start": math.nan, "end": 2, "words": ""}}, "start in seconds"),
        ({"scope": {"start": 0, "end": 2, "words": "", "at": -1}}, "not a time of a video"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_with_a_reason(parts: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        plan_from_json({**plan_to_json(PLAN), **parts})


def test_the_plan_of_a_person_holds_for_every_tool() -> None:
    everything = calls(("read", {"video": "V1"}), ("search", {"queries": ["library"]}))
    chat = agent_chat([everything, answers(("2.4 million.", ["E1"]))])
    plan = plan_from_json(plan_to_json(PLAN))
    events = Desk(MEETING, SLIDES, chat=chat).events(PLAN.question, plan=plan)
    assert isinstance(events[0], Planned) and events[0].by == "user" and events[0].sources == ("speech",)
    seen = chat.requests[1].text
    assert "two point four million" in seen
    assert "town council to order" not in seen and "Item 1" not in seen and "Sundays" not in seen


def test_a_time_in_a_question_does_not_stop_a_model_from_looking_elsewhere() -> None:
    chat = agent_chat([calls(("read", {"video": "V1"})), answers(("So.", ["E1"]))])
    Desk(MEETING, chat=chat).ask("What is said after 1:30?")
    assert "town council to order" in chat.requests[1].text


def test_a_plan_names_the_part_that_the_question_is_about() -> None:
    plan = VideoAgent(Desk(MEETING).parts).plan("What is said in the first minute?")
    assert plan.scope is not None and (plan.scope.start, plan.scope.end) == (0, 60)
