"""Reports of measurements over HTTP."""

from __future__ import annotations

import json

from fastapi.testclient import TestClient

from app.evaluation.datasets.registry import benchmark
from app.evaluation.report import report
from tests.unit.api.stand_in import StandIn
from tests.unit.evaluation.written import case, judged, result


def test_a_report_that_was_written_is_told(client: TestClient, parts: StandIn) -> None:
    assert client.get("/v1/evaluations").json() == []
    folder = parts.longreel.settings.data / "evaluations" / "mine"
    folder.mkdir(parents=True)
    asked = [judged(case(evidence=[(0, 5)]), result(0, (1, 4))), judged(case(), result(1))]
    made = report(benchmark("own"), {"full": asked, "uniform": []}, about={"limit": 2})
    (folder / "report.json").write_text(json.dumps(made), "utf-8")
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "report.json").write_text("{", "utf-8")
    [told] = client.get("/v1/evaluations").json()
    assert (told["name"], told["benchmark"], told["made_at"][:2]) == ("mine", "own", "20")
    full = told["modes"]["full"]
    assert (full["accuracy"]["value"], full["accuracy"]["of"]) == (0.5, 2)
    assert full["reliability"][0]["answers"] == 2
    assert told["modes"]["uniform"]["accuracy"]["value"] is None
