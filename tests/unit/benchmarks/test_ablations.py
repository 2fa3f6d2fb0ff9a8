"""What each part of the agent brings: the variants, what is asked again, and the tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings, known_variables, load_settings
from app.services.evaluation.results import ResultStore
from benchmarks import ablations
from benchmarks.ablations import DEFAULT, VARIANTS, is_done, report, tables, wanted
from benchmarks.without import PLACES
from tests.unit.benchmarks.test_quality import FULL, cells
from tests.unit.services.evaluation.written import REFUSED, case, file_of, judged, result

ROW = {"video": "v.mp4", "question": "Who?", "accept": ["mirela"], "evidence": [[1, 2]], "modality": "speech"}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: one.name)
def test_a_variant_changes_how_questions_are_answered_and_not_how_videos_are_read(
    variant: ablations.Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_PROFILE", "offline")
    usual = load_settings()
    for name, value in variant.settings.items():
        assert name in known_variables()
        monkeypatch.setenv(name, value)
    assert _of_reading(load_settings()) == _of_reading(usual)
    assert (load_settings() != usual) == bool(variant.settings)
    assert bool(variant.settings) + bool(variant.without) == (variant is not DEFAULT)
    assert not variant.without or variant.without in PLACES


def _of_reading(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(exclude={"agent": True, "models": {"language_model"}})


def test_a_slow_variant_is_asked_only_by_its_name() -> None:
    assert "free" not in [one.name for one in wanted([])]
    assert [one.name for one in wanted(["free", "default"])] == ["default", "free"]


def test_a_variant_is_done_when_every_question_has_an_answer(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    store.begin({})
    cases = [case("1"), case("2")]
    store.add(result(0, id="1"))
    assert not is_done(tmp_path, cases)
    store.add(result(None, id="2", status=None))
    assert not is_done(tmp_path, cases)
    store.add(result(None, id="2", status=REFUSED))
    assert is_done(tmp_path, cases)


def test_each_variant_is_compared_with_the_default_on_the_same_questions() -> None:
    silent = [judged(one.case, result(None, id=one.case.id, status=REFUSED)) for one in FULL]
    made = tables({"default": FULL, "rules": silent, "unchecked": FULL})
    assert cells(made[0], "default")[4:7] == ["75.0%", "50.0%", "33.3%"]
    assert made[1]["columns"][0] == "variants"
    assert [row[0] for row in made[1]["rows"]] == ["default - rules", "default - unchecked"]
    assert cells(made[1], "default - rules")[1:5] == [7, 2, 1, "+14.3%"]
    assert cells(made[2], "rules")[2] == "`LONGREEL_MODELS__LANGUAGE_MODEL=none`"
    assert cells(made[2], "unchecked")[2] == "`benchmarks.without checks`"


def test_without_the_default_there_is_nothing_to_compare_with() -> None:
    assert [table["title"] for table in tables({"rules": FULL})][1:] == ["The variants"]


def test_the_report_shows_the_variants_that_were_asked(tmp_path: Path) -> None:
    annotations = file_of(tmp_path, "qa.jsonl", json.dumps({**ROW, "options": ["Mirela", "Tom"], "correct_index": 0}))
    with pytest.raises(SystemExit, match="Nothing was asked"):
        report(annotations, tmp_path)
    for name, forms in (("default", ("open", "choice")), ("words", ("open",))):
        store = ResultStore(tmp_path / name)
        store.begin({"language model": "qwen", "vision model": "none"})
        for form in forms:
            store.add(result(None, (1, 2), id=f"1/{form}", text="Mirela"))
    made = report(annotations, tmp_path)
    assert [row[0] for row in made["tables"][0]["rows"]] == ["default", "words"]
    assert made["document"] == "results.md" and made["notes"][0].startswith("language model: qwen")
    assert "words was asked 1 of 2 only" in [note.split(":")[0] for note in made["notes"]]


def test_the_library_is_read_once_and_each_variant_is_asked_in_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "read").write_text("videos", "utf-8")
    ran: list[tuple[str, Path]] = []

    def run(command: list[str], variables: dict[str, str]) -> None:
        data = Path(variables["LONGREEL_DATA"])
        assert (data / "read").is_file()
        (data / "learned").write_text("by a look", "utf-8")
        ran.append((" ".join(command), data))

    monkeypatch.setattr(ablations, "run", run)
    out = tmp_path / "out"
    read = ablations.library(tmp_path / "qa.jsonl", [case("1"), case("2")], out, given)
    assert ablations.library(tmp_path / "qa.jsonl", [case("1")], out, given) == read and len(ran) == 2
    assert ran[0][0].endswith(f"ingest {tmp_path / 'v.mp4'} --json") and "forget" in ran[1][0]
    assert not (given / "learned").exists()
    (read / "learned").unlink()
    ablations.measure(wanted(["rules"])[0], tmp_path / "qa.jsonl", out / "rules", read, limit=3)
    assert "eval own" in ran[2][0] and ran[2][0].endswith("--limit 3") and ran[2][1] != read
    assert not (read / "learned").exists() and not ran[2][1].exists()
