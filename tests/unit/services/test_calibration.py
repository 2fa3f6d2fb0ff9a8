"""Confidence becomes a share of right answers, in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.agent import VideoAgent
from app.core.events import Answered
from app.core.types import Answer, from_json
from app.services.calibration import UNCHANGED, Calibration, fit, kept
from tests.unit.agents.parts import Desk


def answers(*groups: tuple[float, int, int]) -> list[tuple[float, bool]]:
    """Of each (confidence, right, wrong) so many."""
    return [(c, right) for c, good, bad in groups for right in (*[True] * good, *[False] * bad)]


def test_overconfident_answers_are_told_with_less() -> None:
    found = fit(answers((0.9, 60, 40), (0.6, 30, 70)))
    assert found(0.9) == pytest.approx(0.6, abs=0.02)
    assert found(0.6) == pytest.approx(0.3, abs=0.02)


def test_the_order_of_answers_stays() -> None:
    found = fit(answers((0.9, 60, 40), (0.6, 30, 70)))
    told = [found(share / 100) for share in range(101)]
    assert told == sorted(told) and 0 < told[0] < told[-1] < 1


def test_confidence_that_tells_nothing_or_the_contrary_gives_one_share_for_all() -> None:
    found = fit(answers((0.9, 20, 80), (0.3, 80, 20)))
    assert found.slope == 0.0
    assert found(0.1) == found(0.9) == pytest.approx(0.5, abs=0.01)
    assert fit(answers((0.7, 10, 30)))(0.7) == pytest.approx(0.27, abs=0.03)


def test_a_few_right_answers_do_not_give_certainty() -> None:
    assert fit(answers((0.9, 3, 0)))(0.9) == pytest.approx(0.8, abs=0.02)
    with pytest.raises(ValueError, match="no answers"):
        fit([])


def test_a_calibration_is_kept_as_it_is(tmp_path: Path) -> None:
    made = Calibration(0.8, -0.3, 12, "some questions")
    made.write(tmp_path / "c.json")
    assert kept(tmp_path / "c.json") == made
    assert UNCHANGED(0.137) == 0.137


def test_the_products_calibration_is_a_rising_curve() -> None:
    shipped = kept()
    assert shipped.slope >= 0
    assert 0 <= shipped(0.0) <= shipped(0.5) <= shipped(1.0) <= 1


def told_by(agent: VideoAgent, desk: Desk, question: str) -> Answer:
    *_, last = agent.ask(question, [desk.video])
    assert isinstance(last, Answered)
    return from_json(Answer, last.answer)


def test_the_agent_tells_the_calibrated_confidence_of_answers_and_its_own_of_refusals() -> None:
    desk = Desk([(10.0, 14.0, "Seven members are in favour of the budget.")])
    for question, changes in (("How many members are in favour?", True), ("Who paints the ferry?", False)):
        own = told_by(VideoAgent(desk.parts), desk, question)
        told = told_by(VideoAgent(desk.parts, lambda confidence: confidence / 2), desk, question)
        assert own.status == told.status
        assert told.confidence == (own.confidence / 2 if changes else own.confidence)
