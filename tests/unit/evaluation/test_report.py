"""The report holds every column, and its tables say what its figures say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.core.types import TimeSpan, Usage
from app.evaluation.datasets.registry import benchmark
from app.evaluation.metrics.chapters import chapter_scores
from app.evaluation.report import Prices, markdown, paired_table, report
from tests.unit.evaluation.written import REFUSED, case, judged, result

USED = [Usage(2.0, 3, 4, 100, 10), Usage(4.0, 3, 0, 300, 30), Usage(9.0, 3, 2, 200, 20)]


def made(**more: object) -> dict[str, object]:
    full = [judged(case(id, evidence=[(0, 10)]), result(0, (0, 10), id=id)) for id in "abc"]
    full = [replace(one, result=replace(one.result, usage=used)) for one, used in zip(full, USED, strict=True)]
    captions = [judged(case("a"), result(0, id="a")), judged(case("b"), result(1, id="b"))]
    captions.append(judged(case("c"), result(None, id="c", status=REFUSED)))
    chapters = [chapter_scores("v.mp4", [(TimeSpan(0, 60), "Budget")], [(TimeSpan(0, 60), "Budget")])]
    modes = {"full": full, "captions": captions}
    return report(benchmark("own"), modes, about={}, prices=Prices(1.0, 2.0), chapters=chapters, **more)  # type: ignore[arg-type]


def test_seconds_frames_and_tokens_are_means_of_a_question() -> None:
    cost = made()["modes"]["full"]["cost"]  # type: ignore[index]
    assert (cost["seconds"], cost["median_seconds"], cost["frames"]) == (5.0, 4.0, 2.0)
    assert (cost["prompt_tokens"], cost["output_tokens"]) == (200.0, 20.0)
    assert cost["price"] == pytest.approx((200 * 1.0 + 20 * 2.0) / 1e6)
    told = "| full | 100.0% | 100.0% | 100.0% | 100.0% | 100.0% | 100.0% | 50.0% | 50.0% | 5.0 | 4.0 | 2.0 | 200 | 20 |"
    assert told in markdown(made())


def test_modes_are_compared_question_by_question() -> None:
    (found,) = made()["differences"]  # type: ignore[misc]
    assert (found["first"], found["second"], found["questions"]) == ("full", "captions", 3)
    assert (found["first_only"], found["second_only"], found["p"]) == (2, 0, 0.5)
    assert "| full - captions | 3 | 2 | 0 | +66.7% |" in markdown(made())


def test_moment_retrieval_and_chapters_are_told() -> None:
    text = markdown(made())
    assert "| R@1, IoU=0.5 | 100.0% | - |" in text
    assert "| v.mp4 | 1 | 1 | 100.0% | 100.0% | 100.0% | 100.0% |" in text


def test_the_calibration_error_is_that_of_the_confidence_which_users_see() -> None:
    full = made(shown=lambda _: 1.0)["modes"]["full"]  # type: ignore[index]
    assert (full["calibration_error"], full["calibration_error_before"]) == (0.0, 0.5)


def test_a_report_is_plain_data() -> None:
    assert json.loads(json.dumps(made()))["modes"]["captions"]["accuracy"]["of"] == 3


def test_a_chance_too_small_to_show_is_not_shown_as_none() -> None:
    one = {"first": "full", "second": "captions", "questions": 94, "first_only": 39, "second_only": 0}
    known = {**one, "difference": 0.415, "interval": (0.304, 0.509)}
    _, rows = paired_table([{**known, "p": 0.0004}, {**known, "p": 0.0309}])
    assert [row[-1] for row in rows] == ["< 0.001", "0.031"]
