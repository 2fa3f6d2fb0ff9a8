"""The curve is judged on answers that it was not fitted on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.evaluation.run.results import ResultStore
from benchmarks.calibrate import brier, calibration_error, held_out, main
from tests.unit.evaluation.written import REFUSED, file_of, result

OVERSURE = [(0.9, True)] * 6 + [(0.9, False)] * 4


def test_errors_are_those_of_the_definitions() -> None:
    assert calibration_error(OVERSURE) == pytest.approx(0.3)
    assert brier(OVERSURE) == pytest.approx((6 * 0.01 + 4 * 0.81) / 10)


def test_an_answer_is_told_by_a_curve_that_has_not_seen_it() -> None:
    told = held_out([(0.9, True), *[(0.9, False)] * 9])
    assert told[0][0] == min(confidence for confidence, _ in told)
    many = OVERSURE * 20
    assert calibration_error(held_out(many)) < 0.1 < calibration_error(many)
    assert brier(held_out(many)) < brier(many)


def test_the_curve_is_fitted_on_the_answers_of_runs(tmp_path: Path) -> None:
    rows = [{"video": "v.mp4", "question": "Who?", "accept": ["mirela"], "evidence": [[1, 2]]}] * 10
    annotations = file_of(tmp_path, "qa.jsonl", "\n".join(json.dumps(row) for row in rows))
    store = ResultStore(tmp_path / "out")
    store.begin({})
    for number in range(1, 10):
        text = "Mirela" if number < 6 else "Bo"
        store.add(result(None, (1, 2), id=f"{number}/open", text=text, confidence=0.8))
    store.add(result(None, id="10/open", status=REFUSED, confidence=None))
    found = tmp_path / "found.json"
    assert main(["--eval", str(annotations), str(tmp_path / "out"), "--json", str(found)]) == 0
    made = json.loads(found.read_text("utf-8"))
    assert [row[1] for row in made["tables"][0]["rows"]] == [9, 9]
    assert "9 answers on qa.jsonl" in made["notes"][0]
