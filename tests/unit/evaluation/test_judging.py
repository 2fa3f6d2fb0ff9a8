"""Open answers beside a reference, groups of questions, and spans: what is counted, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.evaluation.cases import Group
from app.evaluation.metrics.grounding import cited, seconds_f1, span_f1
from app.evaluation.metrics.official_figures import group_score, official_figures
from app.evaluation.metrics.scores import accuracy
from app.evaluation.run.judge import ReferenceJudge, no_judge
from gpu_workers.language.fakes import FakeChat
from tests.unit.evaluation.written import ANSWERED, REFUSED, case, judged, result, spans

TOLD = replace(case(options=(), answer=None), reference="Lily sings.", question="Who sings?")


def test_the_model_compares_an_open_answer_with_the_reference() -> None:
    chat = FakeChat(['{"score": 4}', "no idea"])
    judge = ReferenceJudge(chat)
    assert judge(TOLD, "It is Lily.", lambda: False) == 4
    assert all(part in chat.requests[0].text for part in ("Who sings?", "Reference: Lily sings.", "It is Lily."))
    assert judge(TOLD, "It is Lily.", lambda: False) is None
    assert no_judge(TOLD, "It is Lily.", lambda: False) is None


def test_an_answer_that_nobody_compared_counts_neither_as_right_nor_as_wrong() -> None:
    said = result(text="It is Lily.")
    results = [replace(said, score=5), replace(said, score=3), said, result(status=REFUSED)]
    found = accuracy(judged(TOLD, one) for one in results)
    assert (found.part, found.whole) == (1, 3), "right, wrong, left out, and a refusal is wrong"


def test_mlvu_has_a_mean_over_tasks_and_a_share_of_the_judges_points() -> None:
    choice = case("a", labels=(("task", "count"),))
    summary = replace(TOLD, id="b", labels=(("task", "summary"),))
    both = [judged(choice, result(0, id="a")), judged(summary, replace(result(id="b", text="x"), score=4))]
    figures = official_figures("mlvu", both)
    assert (figures["M-Avg"], figures["generation, of 5 points"]) == (1.0, 0.8)


@pytest.mark.parametrize(
    ("structure", "right", "worth"),
    [
        ("relevance", "1111", 1.0),
        ("relevance", "0110", 0.25),
        ("[1, 2, 3, 4]", "1101", 4 / 16),
        ("[1, 2, 3, 4]", "0111", 0.0),
        ("[1, [2, 3], 4]", "1011", 4 / 12),
        ("[1, [2, 3], 4]", "1110", 7 / 12),
        ("[[1, 2], 3, 4]", "0110", 1 / 10),
        ("[[1, 2], 3, 4]", "1111", 1.0),
    ],
)
def test_a_group_is_worth_its_share_squared_or_the_start_of_its_chain(structure: str, right: str, worth: float) -> None:
    assert group_score(structure, [one == "1" for one in right]) == pytest.approx(worth)


def test_only_whole_groups_count() -> None:
    asked = [
        judged(case(str(n), group=Group(n // 4, "relevance")), result(0 if n < 2 else 1, id=str(n))) for n in range(6)
    ]
    figures = official_figures("video-mme-v2", asked)
    assert (figures["group score"], figures["relevance score"]) == (0.25, 0.25)


def test_spans_are_scored_by_their_seconds_and_by_how_many_meet() -> None:
    found, given = spans([(0, 10), (50, 60)]), spans([(5, 15)])
    assert seconds_f1(found, given) == pytest.approx(2 * 5 / 30)
    assert span_f1(found, given) == pytest.approx(2 * (2 / 3) / 4), "IoU 1/3: precision 1/2, recall 1 at 0.1 and 0.3"
    assert span_f1(spans([(4, 5)]), spans([(4.5, 4.5)])) == 1.0, "an instant is met within a second"
    assert span_f1((), given) == span_f1(found, ()) == 0.0


def test_citation_f1_is_the_harmonic_mean_and_nothing_where_nothing_can_be_cited() -> None:
    one = case(evidence=[(0, 2), (50, 52)])
    found = cited([judged(one, result(0, (1, 2), (30, 31)))])
    assert (found.precision.value, found.recall.value, found.f1) == (0.5, 0.5, 0.5)
    assert cited([judged(one, result(status=REFUSED))]).f1 == 0.0
    assert cited([judged(case(), result(0, status=ANSWERED))]).f1 is None


def test_a_result_with_a_score_is_kept_as_json() -> None:
    from app.core.types import from_json, to_json
    from app.evaluation.run.results import Result

    kept = json.loads(json.dumps(to_json(replace(result(text="x"), score=3))))
    assert from_json(Result, kept).score == 3
    del kept["score"]
    assert from_json(Result, kept).score is None, "lines of earlier runs have none"
