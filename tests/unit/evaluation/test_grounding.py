"""Spans against spans: our citation columns, moment retrieval, NExT-GQA and LV-Haystack, computed by hand."""

from __future__ import annotations

import pytest

from app.core.types import TimeSpan
from app.evaluation.cases import Case
from app.evaluation.metrics.grounding import (
    cited,
    grounded,
    hull_iou,
    iop,
    moment_retrieval,
    near,
    needles,
    union_iou,
)
from app.evaluation.metrics.official_figures import official_figures
from app.evaluation.metrics.scores import JudgedCase
from tests.unit.evaluation.written import REFUSED, case, judged, result, spans


def test_iou_of_moment_retrieval_divides_by_the_hull() -> None:
    assert hull_iou(TimeSpan(0, 10), TimeSpan(5, 15)) == pytest.approx(5 / 15)
    assert hull_iou(TimeSpan(0, 1), TimeSpan(5, 6)) == 0.0
    assert hull_iou(TimeSpan(3, 3), TimeSpan(3, 3)) == 0.0


def test_an_instant_inside_the_given_span_has_iop_1_and_iou_0() -> None:
    assert iop(TimeSpan(7, 7), TimeSpan(5, 15)) == 1.0
    assert hull_iou(TimeSpan(7, 7), TimeSpan(5, 15)) == 0.0
    assert iop(TimeSpan(0, 10), TimeSpan(5, 15)) == 0.5


def test_overlapping_citations_are_not_counted_twice() -> None:
    assert union_iou(spans([(0, 6), (4, 10)]), spans([(5, 15)])) == pytest.approx(5 / 15)
    assert union_iou((), spans([(5, 15)])) == 0.0


def test_citation_precision_is_over_answers_and_recall_over_all_given_spans() -> None:
    found = cited(
        [
            judged(case(evidence=[(10, 12), (40, 41)]), result(0, (12.9, 14), (20, 30))),
            judged(case(evidence=[(5, 6)]), result(None, status=REFUSED)),
            judged(case(), result(0, (1, 2))),
        ]
    )
    assert (found.precision.part, found.precision.whole) == (1, 2)
    assert (found.recall.part, found.recall.whole) == (1, 3)
    assert (found.answers.part, found.answers.whole) == (1, 1)


def test_moment_retrieval_takes_the_first_citation_and_the_best_given_span() -> None:
    found = moment_retrieval(
        [
            judged(case(evidence=[(0, 1), (10, 20)]), result(0, (10, 16), (0, 1))),
            judged(case(evidence=[(0, 10)]), result(0, (5, 15))),
            judged(case(evidence=[(0, 10)]), result(None, status=REFUSED)),
        ]
    )
    assert found.miou == pytest.approx((0.6 + 1 / 3 + 0) / 3)
    assert [part.value for part in found.recall.values()] == pytest.approx([2 / 3, 1 / 3, 0.0])


def test_questions_of_when_have_moment_scores_of_their_own() -> None:
    when = Case("w", ("v.mp4",), "At what time does the race begin?", accept=("x",), evidence=spans([(10, 20)]))
    what = Case("n", ("v.mp4",), "Who wins when the race ends?", accept=("x",), evidence=spans([(10, 20)]))
    asked = [JudgedCase(when, result(None, (10, 20))), JudgedCase(what, result(None, (30, 40)))]
    found = official_figures("own", asked)
    assert found["R@1, IoU=0.7"] == 0.5 and found["mIoU of the first citation"] == 0.5
    assert found["R@1, IoU=0.7, questions of when"] == 1.0
    assert found["mIoU of the first citation, questions of when"] == 1.0
    assert not any("when" in name for name in official_figures("own", asked[1:]))


def test_acc_gqa_needs_the_right_answer_and_half_of_the_span_inside() -> None:
    asked = [
        judged(case(evidence=[(0, 10)]), result(0, (5, 15))),
        judged(case(evidence=[(0, 10)]), result(0, (6, 16))),
        judged(case(evidence=[(0, 10)]), result(1, (0, 10))),
        judged(case(evidence=[(0, 10)]), result(None, status=REFUSED)),
    ]
    ours, official = grounded(asked), grounded(asked, official=True)
    assert ours and official
    assert (ours.questions, ours.acc_gqa) == (4, 0.25)
    assert ours.miop == pytest.approx((0.5 + 0.4 + 1.0 + 0.0) / 4)
    assert ours.miou == pytest.approx((5 / 15 + 4 / 16 + 1.0 + 0.0) / 4)
    assert (ours.iop_5, ours.iou_5) == (0.5, 0.25)
    assert official.questions == 3
    assert official.acc_gqa == pytest.approx(1 / 3)
    assert grounded([judged(case(), result(0))]) is None


def test_a_time_within_five_seconds_of_a_given_frame_is_found() -> None:
    assert near([10.0, 100.0], [14.9, 16.0, 200.0], 5.0) == pytest.approx((0.5, 1 / 3, 0.4))
    assert near([], [1.0], 5.0) == (0.0, 0.0, 0.0)


def test_haystack_scores_are_means_over_questions() -> None:
    found = needles(
        [
            judged(case(moments_s=(12.0,)), result(0, (10, 12))),
            judged(case(moments_s=(12.0,)), result(None, status=REFUSED)),
        ]
    )
    assert found and (found.questions, found.precision, found.recall, found.f1) == (2, 0.5, 0.5, 0.5)
    assert needles([judged(case(), result(0))]) is None


def test_next_qa_prints_the_accuracy_of_its_three_groups() -> None:
    asked = [
        judged(case(labels=(("group", "causal"), ("type", "CW"))), result(0)),
        judged(case(labels=(("group", "causal"), ("type", "CH"))), result(1)),
        judged(case(labels=(("group", "temporal"), ("type", "TN"))), result(0)),
    ]
    assert official_figures("nextqa", asked) == {"Acc_C": 0.5, "Acc_T": 1.0, "Acc_D": None}


def test_mlvu_prints_m_avg_and_a_benchmark_without_own_figures_nothing() -> None:
    asked = [judged(case(labels=(("task", "ego"),)), result(0))]
    assert official_figures("mlvu", asked) == {"M-Avg": 1.0}
    assert official_figures("egoschema", asked) == {}
