"""Accuracy, intervals and refusals against values computed by hand."""

from __future__ import annotations

import pytest

from app.core.types import AnswerStatus
from app.evaluation.datasets.choices import Unparsed
from app.evaluation.metrics.scores import (
    JudgedCase,
    accuracy,
    by_label,
    macro,
    official_accuracy,
    refusals,
    wilson,
)
from tests.unit.evaluation.written import REFUSED, case, judged, result

RIGHT = judged(case(), result(0))
WRONG = judged(case(), result(1))
SILENT = judged(case(), result(None, status=REFUSED))
BROKEN = judged(case(), result(None, status=None))


def test_wilsons_interval_of_81_of_263_is_the_one_in_newcombes_paper() -> None:
    low, high = wilson(81, 263)  # Newcombe, Statistics in Medicine 17 (1998), table I: 0.2553 to 0.3662
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_wilsons_interval_of_none_and_of_all_stays_within_0_and_1() -> None:
    assert wilson(0, 20)[0] == 0.0
    assert round(wilson(0, 20)[1], 4) == 0.1611
    assert wilson(20, 20)[1] == 1.0
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


def test_refusals_and_errors_count_as_wrong() -> None:
    found = accuracy([RIGHT, WRONG, SILENT, BROKEN])
    assert (found.part, found.whole, found.value) == (1, 4, 0.25)


def test_questions_without_public_answer_are_not_judged() -> None:
    assert accuracy([RIGHT, judged(case(answer=None), result(2))]).whole == 1
    assert accuracy([]).value is None and accuracy([]).interval is None


def test_what_the_official_script_counts_for_a_reply_without_option_is_a_number_of_its_own() -> None:
    asked = [RIGHT, WRONG, SILENT]
    assert official_accuracy(asked, Unparsed.WRONG).value == pytest.approx(1 / 3)
    assert official_accuracy(asked, Unparsed.CHANCE).value == pytest.approx((1 + 1 / 4) / 3)
    assert official_accuracy(asked, Unparsed.SKIPPED).value == pytest.approx(1 / 2)


def test_another_option_with_the_same_text_is_as_right() -> None:
    assert judged(case(answer=0, options=("red", "blue", "red")), result(2)).right
    assert not judged(case(answer=0, options=("red", "blue", "red")), result(1)).right


def test_a_guess_counts_for_accuracy_but_is_not_right_with_proof() -> None:
    guess = judged(case(answer=0), result(0, status=REFUSED))
    assert guess.right and not guess.proven
    assert judged(case(answer=0), result(0, (1, 2))).proven


def test_an_open_answer_is_right_when_an_expression_is_in_it() -> None:
    asked = case(answer=None, options=(), accept=("mirela", r"\b3\b"))
    assert judged(asked, result(text="It was MIRELA.")).right
    assert not judged(asked, result(text="13 of them")).right
    assert not judged(asked, result(text="Mirela is not in the video", status=REFUSED)).right


def test_refusing_is_right_where_there_is_nothing_to_answer() -> None:
    trap = case(answer=3, answerable=False)
    assert judged(trap, result(None, status=REFUSED)).right
    assert judged(trap, result(3, status=REFUSED)).right
    assert not judged(trap, result(1)).right
    assert not judged(trap, result(None, status=None)).right


def test_refusals_have_precision_recall_and_a_share_of_wrong_ones() -> None:
    trap = case(answerable=False, answer=None)
    asked = [
        judged(trap, result(None, status=REFUSED)),
        judged(trap, result(0)),
        SILENT,
        RIGHT,
        judged(case(), result(None, status=AnswerStatus.INSUFFICIENT)),
        BROKEN,
    ]
    found = refusals(asked)
    assert found.precision.value == 0.5
    assert found.recall.value == 0.5
    assert found.wrong.value == pytest.approx(1 / 3)
    assert refusals([RIGHT, SILENT]).precision.value is None


def test_a_question_of_two_types_counts_in_both_rows() -> None:
    both: list[JudgedCase] = [
        judged(case(labels=(("ability", "ER"), ("ability", "KIR"))), result(0)),
        judged(case(labels=(("ability", "KIR"),)), result(1)),
    ]
    found = by_label(both)["ability"]
    assert (found["ER"].value, found["KIR"].value, found["KIR"].whole) == (1.0, 0.5, 2)


def test_the_mean_over_tasks_gives_every_task_the_same_weight() -> None:
    asked = [judged(case(labels=(("task", "count"),)), result(0))]
    asked += [judged(case(labels=(("task", "ego"),)), result(1)) for _ in range(3)]
    assert accuracy(asked).value == 0.25
    assert macro(by_label(asked)["task"].values()) == 0.5
