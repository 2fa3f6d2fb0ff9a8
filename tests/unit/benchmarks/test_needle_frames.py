"""A look at an hour shows a short event whenever the vectors can be trusted; an even grid does not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.needle_frames import AIM, BUDGETS, EVENTS, SECONDS, by_few_candidates, by_grid, by_look, hour, shown

TRIALS = 12


def test_an_hour_has_the_cosines_that_are_claimed() -> None:
    one = hour(1, EVENTS["clear"])
    likeness = np.array([frame.concept @ one.query for frame in one.features])
    inside = np.array([one.event.contains(frame.pts_s) for frame in one.features])
    assert len(one.features) == SECONDS and inside.sum() == 5
    assert likeness[inside].mean() == pytest.approx(EVENTS["clear"], abs=0.03)
    assert likeness[~inside].mean() == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_agents_look_shows_the_event(budget: int) -> None:
    shares = [shown(by_look, cosine, budget, TRIALS).value for cosine in EVENTS.values()]
    assert min(share or 0.0 for share in shares) >= AIM


@pytest.mark.parametrize("choose", [by_grid, by_few_candidates])
def test_evenly_spaced_frames_miss_it(choose: object) -> None:
    assert callable(choose)
    assert (shown(choose, EVENTS["clear"], 32, TRIALS).value or 0.0) < 0.5
