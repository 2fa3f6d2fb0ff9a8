"""The judge is measured alone, beside judges that always say the same."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from benchmarks.evidence import CASES, TITLE, EvidenceCase, constant, judge_of, main, read_cases, report, rule


def case(verdict: str, *also: str, kind: str = "roles") -> EvidenceCase:
    evidence = [{"kind": "speech", "text": "Ada gave Bo the map.", "start_s": 1.0, "end_s": 3.0}]
    row = {"id": f"{kind}-{verdict}", "question": "Who?", "language": "en", "evidence": evidence, "claim": "Ada."}
    return EvidenceCase.of({**row, "verdict": verdict, "also": list(also)})


def test_a_case_is_judged_by_the_agents_own_judge() -> None:
    players = [constant(verdict) for verdict in ("yes", "unclear", "no")]
    judged = [rule(partial(judge_of, player), case("yes")) for player in players]
    assert [one.verdict for one in judged] == ["yes", "unclear", "no"]
    assert [one.right for one in judged] == [True, False, False]


def test_a_claim_that_is_wrongly_taken_as_supported_is_counted_apart() -> None:
    cases = [case("yes"), case("no"), case("unclear", "yes"), case("no", kind=TITLE)]
    rulings = [rule(lambda: judge_of(constant("yes")), one) for one in cases]
    made = report(rulings, CASES, "constant")
    assert made["right"] == 0.5 and made["taken_as_yes"] == pytest.approx(2 / 3)
    assert made["tables"][0]["rows"][-1] == ["all", "4", "2", "2", "4", "0", "0"]
    assert "taken as proof: 1 of 1; aim: none" in made["notes"][2]
    assert [one["id"] for one in made["mistakes"]] == ["roles-no", "title-no"]


def test_a_control_is_far_from_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--player", "always-yes", "--json", str(tmp_path / "e.json")]) == 0
    made = json.loads((tmp_path / "e.json").read_text("utf-8"))
    assert 0.3 < made["right"] < 0.6
    assert "taken as proof" in capsys.readouterr().out


def test_the_products_own_cases_are_well_formed() -> None:
    cases = read_cases(CASES)
    assert len({one.id for one in cases}) == len(cases) >= 20
    assert len({one.language for one in cases}) >= 4
    assert sum(one.kind == TITLE for one in cases) >= 3
    assert {one.verdict for one in cases} == {"yes", "unclear", "no"}
    assert not any(one.accepts("yes") for one in cases if one.kind == TITLE)


@pytest.mark.slow
def test_the_packaged_model_never_takes_a_title_beside_a_sentence_as_proof() -> None:
    from app.core.settings import Settings
    from gpu_workers.registry import Workers

    chat = Workers(Settings(profile="offline")).get("language_model")
    titles = [one for one in read_cases(CASES) if one.kind == TITLE]
    rulings = [rule(lambda: judge_of(chat), one) for one in titles]
    assert [one.case.id for one in rulings if one.verdict == "yes"] == []
