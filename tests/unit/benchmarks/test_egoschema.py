"""EgoSchema from captions: what is imported, and one command for all modes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.errors import BadInput
from benchmarks.egoschema import MODES, main, merged, prepare
from tests.integration.offline_fakes import environment

SAID = ["#C C cuts the wood", "#C C cuts a wood.", "#O man X walks ", "#C C cuts the wood", *["#C C sleeps"] * 30]
OPTIONS = ("C cooks", "C sleeps", "C cuts", "C reads", "C runs")


def question(id: str) -> dict[str, object]:
    options = {f"option {n}": text for n, text in enumerate(OPTIONS)}
    return {"q_uid": id, "question": "What does C do most?", "truth": 2, **options}


def test_a_run_of_the_same_caption_is_one_caption_over_all_its_seconds() -> None:
    assert [(one["start_s"], one["end_s"], one["text"]) for one in merged(SAID)] == [
        (0, 2, "C cuts the wood"),
        (2, 3, "man X walks"),
        (3, 4, "C cuts the wood"),
        (4, 34, "C sleeps"),
    ]


def test_questions_with_captions_come_in_a_fixed_shuffled_order(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(json.dumps({str(n): question(str(n)) for n in range(30)}), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({str(n): ["#C C sits"] for n in range(1, 30)}), "utf-8")
    orders = []
    for limit in (None, 7):
        questions, captions = prepare(tmp_path / "q.json", tmp_path / "c.json", tmp_path / "out", limit)
        orders.append([row["q_uid"] for row in json.loads(questions.read_text("utf-8"))])
        assert list(json.loads(captions.read_text("utf-8"))) == orders[-1][:limit]
    assert orders[0] == orders[1] and sorted(orders[0], key=int) == [str(n) for n in range(1, 30)] != orders[0]
    (tmp_path / "other.json").write_text('{"x": ["C sits"]}', "utf-8")
    with pytest.raises(BadInput, match="No question"):
        prepare(tmp_path / "q.json", tmp_path / "other.json", tmp_path / "out", None)


def test_all_modes_are_run_and_reported_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(tmp_path), "LONGREEL_MODELS__LANGUAGE_MODEL": "fake"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "q.json").write_text(json.dumps([question("u1"), question("u2")]), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({"u1": SAID, "u2": SAID[::-1]}), "utf-8")
    given = [str(tmp_path / "q.json"), str(tmp_path / "c.json"), "--out", str(tmp_path / "out")]
    found = tmp_path / "egoschema.json"
    assert main([*given, "--limit", "1", "--json", str(found)]) == 0
    assert main([*given, "--json", str(found)]) == 0
    made = json.loads(found.read_text("utf-8"))
    assert [row[:2] for row in made["tables"][0]["rows"]] == [[mode, 2] for mode in MODES]
    rows = {row[0]: row[2] for row in made["tables"][0]["rows"]}
    assert rows["none"] == "100.0%", "two of four captions are about cutting"
    assert len(made["tables"][1]["rows"]) == 15
    assert len((tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()) == 12
    assert main([str(tmp_path / "none.json"), str(tmp_path / "c.json")]) != 0
