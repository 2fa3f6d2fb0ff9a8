"""How much frames look like each other, and LV-Haystack's scores from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.core.types import Answer, AnswerStatus, Frame, Video
from app.evaluation.cases import Case
from app.evaluation.metrics.official_figures import official_figures
from app.evaluation.metrics.visual import visual_scores
from app.evaluation.run.footage import Footage
from app.evaluation.run.results import ResultStore
from app.evaluation.run.runner import Runner
from tests.unit.evaluation.test_runner import IMPORTED
from tests.unit.evaluation.written import REFUSED, case, judged, result


def picture(seed: int, size: tuple[int, int] = (40, 56)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def test_equal_frames_are_wholly_alike_and_noise_is_not() -> None:
    assert visual_scores([picture(1)], [picture(1)]) == pytest.approx((1.0, 1.0))
    precision, recall = visual_scores([picture(1)], [picture(2)])
    assert precision == recall and abs(precision) < 0.1


def test_likeness_is_what_another_package_measures() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    one = picture(3, (64, 80))
    other = (0.7 * one + 0.3 * picture(4, (64, 80))).astype(np.uint8)
    _, theirs = metrics.structural_similarity(
        one / 255, other / 255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0,
        channel_axis=2, full=True,
    )  # fmt: skip
    # Only the borders differ: outside the frame ours is black.
    assert visual_scores([one], [other])[0] == pytest.approx(float(theirs.mean()), abs=0.01)


def test_precision_is_of_found_frames_and_recall_of_given_ones() -> None:
    precision, recall = visual_scores([picture(1)], [picture(1), picture(2)])
    assert precision == pytest.approx(1.0) and recall == pytest.approx(0.5, abs=0.06)
    assert visual_scores([], [picture(1)]) == (0.0, 0.0)


def test_a_run_compares_the_cited_frames_with_the_given_ones(tmp_path: Path) -> None:
    video = replace(IMPORTED, path="film.mp4")
    asked: list[Sequence[float]] = []

    def frames(given: Video, times_s: Sequence[float]) -> Iterator[Frame]:
        assert given.path == "film.mp4"
        asked.append(times_s)
        return (Frame(at, picture(int(at))) for at in times_s)

    def ask(one: Case, *_: object) -> Answer:
        found = result(0, (10, 14))
        status = REFUSED if one.id == "no" else AnswerStatus.ANSWERED
        return Answer(status, "a", 0.9, () if one.id == "no" else found.citations, 0)

    cases = [replace(case("yes"), moments_s=(12.0, 30.0)), replace(case("no"), moments_s=(12.0,))]
    footage = Footage(None, lambda: [video], lambda *_, **__: video)
    footage.find = lambda _: video  # type: ignore[method-assign]
    found = Runner(footage, {"full": ask}, ResultStore(tmp_path), frames=frames).run(cases)
    assert asked == [[12.0], (12.0, 30.0)]
    assert found["full", "yes"].visual == pytest.approx((1.0, 0.5), abs=0.06)
    assert found["full", "no"].visual == (0.0, 0.0)
    assert ResultStore(tmp_path).results()["full", "yes"].visual == found["full", "yes"].visual


def test_the_visual_f1_is_of_the_means_as_published() -> None:
    one = replace(result(0, (10, 14)), visual=(1.0, 0.5))
    other = replace(result(None, status=REFUSED), visual=(0.0, 0.0))
    figures = official_figures("lv-haystack", [judged(case(moments_s=(12.0,)), each) for each in (one, other)])
    assert (figures["visual precision"], figures["visual recall"]) == (0.5, 0.25)
    assert figures["visual F1"] == pytest.approx(1 / 3)
    assert "visual F1" not in official_figures("lv-haystack", [judged(case(moments_s=(12.0,)), result(0, (1, 2)))])
