"""What survives is counted by what the user got: the option, the words, the check and the citation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scripted import CASES, read_cases
from benchmarks.survival import PLAYERS, Play, ScriptedStage, main, play_all, report

KEPT = Play("sees", "c", "count", "en", "open", "right", "Two.", "answered", "Two.", None, True, True, True, "")
REFUSED = replace(KEPT, status="not_in_video", text="", same=False, verified=False, cited=False)
CHANGED = replace(KEPT, text="Three.", same=False)
WRONG = replace(KEPT, role="wrong", wording="Three.", text="Three.")
CHOSEN = replace(WRONG, form="choice", option_index=2, same=False, verified=False)


@pytest.mark.parametrize(
    ("play", "let_through"),
    [
        (WRONG, True),
        (replace(WRONG, verified=False), False),
        (replace(WRONG, status="insufficient"), False),
        (CHOSEN, True),
        (replace(CHOSEN, option_index=None), False),
        (replace(CHOSEN, option_index=1, same=True), False),
    ],
)
def test_a_wrong_wording_is_let_through_when_verified_or_when_its_option_is_chosen(
    play: Play, let_through: bool
) -> None:
    assert play.let_through is let_through


def test_the_report_names_every_loss_with_its_reason() -> None:
    lost = replace(REFUSED, reason="judged no: it cites no evidence")
    made = report([KEPT, lost, WRONG, replace(KEPT, role="parrot")], CASES)
    assert made["right_kept"] == 0.5 and made["wrong_verified"] == 1.0
    assert made["natural_minus_parrot"] == -0.5
    assert [one["reason"] for one in made["lost"]] == [lost.reason]
    assert [one["wording"] for one in made["let_through"]] == ["Three."]
    assert made["tables"][1]["rows"][-1] == ["all", "2", "50.0%", "0.0%", "50.0%", "1", *["100.0%"] * 4]


@pytest.mark.parametrize("player", PLAYERS)
def test_every_player_gets_a_right_answer_to_the_user_and_no_wrong_one(player: str) -> None:
    (case,) = [one for one in read_cases(CASES) if one.id == "yard-dog"]
    with ScriptedStage([case], player=player) as stage:
        plays = play_all([case], stage)
    assert {one.kept for one in plays if one.role != "wrong"} == {True}
    assert {one.let_through for one in plays if one.role == "wrong"} == {False}


def test_one_command_plays_some_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "kitchen-hob", "--json", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text("utf-8"))["right_kept"] == 1.0
    assert "right wordings kept: 100.0%" in capsys.readouterr().out
