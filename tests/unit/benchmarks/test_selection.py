"""Haystacks hold what they say, and the comparison of selections runs over them."""

from __future__ import annotations

import json

from benchmarks import selection


def test_a_small_run_writes_every_method_and_the_same_rows_as_teneva(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(selection, "COVERED_S", (120,))
    monkeypatch.setattr(selection, "MATRICES", ((64, 8), (200, 8)))
    file = tmp_path / "selection.json"
    assert selection.main(["--haystacks", "1", "--seconds", "200", "--json", str(file)]) == 0
    found, covered, speed = json.loads(file.read_text("utf-8"))["tables"]
    assert [row[0] for row in found["rows"]] == [*selection.FREE, *selection.ASKING]
    assert len(covered["rows"]) == 1
    assert [row[-1] for row in speed["rows"]] == ["yes", "yes"]
    assert "hybrid" in capsys.readouterr().out
