"""Events are one tagged union that survives JSON."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from app.core.events import (
    EVENT,
    Called,
    Delta,
    Event,
    Hit,
    Planned,
    Searched,
    StageProgress,
    ToolStarted,
    Understood,
    Verified,
)
from app.core.types import TimeSpan


@pytest.mark.parametrize(
    "event",
    [
        Understood("And then?", "What is said after lunch?", "model"),
        Planned("loop", "it calls tools", ("who",), ("speech",), TimeSpan(1, 2), "after lunch", "model"),
        ToolStarted("search", "query: who", "c1"),
        Called("search", "query: who", "2 moments", refused=True, call_id="c1"),
        Delta("It is"),
        Verified("It is red.", "unclear", "it is dark", ("E1",)),
        Searched("who", (Hit("E1", "v", TimeSpan(0, 1), "speech", "text", 0.5),)),
        StageProgress("audio", 1.0, 2.0, "s", 4.0, 0.25),
    ],
)
def test_an_event_survives_json(event: Event) -> None:
    assert EVENT.validate_python(json.loads(EVENT.dump_json(event))) == event


def test_every_event_has_a_tag_of_its_own() -> None:
    tags = [kind.__dataclass_fields__["type"].default for kind in get_args(Event)]
    assert len(tags) == len(set(tags))
