"""What a strong model says reaches the user, and what its own judgement rejects is not shown as verified."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.scripted import CASES, read_cases
from benchmarks.survival import APART, KEPT, STOPPED, Play, ScriptedStage, figures, language_gaps, play_all

NEAR_PARROTING = 0.03


@pytest.fixture(scope="module")
def plays() -> Sequence[Play]:
    cases = read_cases(CASES)
    with ScriptedStage(cases) as stage:
        return play_all(cases, stage)


def lost(plays: Sequence[Play]) -> str:
    return "\n".join(f"{one.case}: {one.wording} -> {one.text} ({one.reason})" for one in plays)


def test_right_answers_in_natural_wording_reach_the_user(plays: Sequence[Play]) -> None:
    right = [one for one in plays if one.role == "right"]
    assert len(right) > 50
    assert sum(one.kept for one in right) >= KEPT * len(right), lost([one for one in right if not one.kept])


def test_wrong_answers_are_not_shown_as_verified(plays: Sequence[Play]) -> None:
    wrong = [one for one in plays if one.role == "wrong"]
    assert len(wrong) > 50
    through = [one for one in wrong if one.let_through]
    assert len(through) <= (1 - STOPPED) * len(wrong), lost(through)


def test_every_language_keeps_as_much_as_english(plays: Sequence[Play]) -> None:
    gaps = language_gaps(plays)
    assert len(gaps) >= 5
    assert min(gaps.values()) >= -APART, gaps


def test_natural_wording_survives_as_often_as_the_words_of_the_question(plays: Sequence[Play]) -> None:
    found = figures(plays)
    natural, parrot = found["right_kept"].value, found["parrot_kept"].value
    assert natural is not None and parrot is not None
    assert natural >= parrot - NEAR_PARROTING


def test_kept_answers_cite_the_seconds_that_show_them(plays: Sequence[Play]) -> None:
    cited = figures(plays)["cited"]
    assert cited.whole > 50 and cited.value is not None and cited.value >= KEPT
