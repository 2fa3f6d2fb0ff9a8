"""A look at an hour shows a short event whenever the vectors can be trusted; an even grid does not."""

from __future__ import annotations

import pytest

from benchmarks.needle_frames import AIM, BUDGETS, EVENTS, by_look, shown

TRIALS = 12


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_agents_look_shows_the_event(budget: int) -> None:
    shares = [shown(by_look, cosine, budget, TRIALS).value for cosine in EVENTS.values()]
    assert min(share or 0.0 for share in shares) >= AIM
