"""Haystacks hold what they say, and the comparison of selections runs over them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import selection
from benchmarks.haystack import NOISE, haystack


def test_a_haystack_is_the_same_for_the_same_seed_and_needles_are_not_blank():
    one, again, other = haystack(300, 1), haystack(300, 1), haystack(300, 2)
    assert one.needles == again.needles != other.needles
    assert np.array_equal(one.features[7].vector, again.features[7].vector)
    for needle in one.needles:
        assert 1 <= needle.duration_s <= 4
        assert all(f.contrast > 0 for f in one.features if needle.contains(f.pts_s))


def test_questions_tell_of_the_needle_as_much_as_their_kind_says():
    gaps = {kind: [] for kind in NOISE}
    for seed in range(8):
        one = haystack(300, seed)
        shows = np.array([any(needle.contains(f.pts_s) for needle in one.needles) for f in one.features])
        for kind, question in one.questions.items():
            likeness = np.array([f.concept @ question for f in one.features])
            gaps[kind].append(likeness[shows].mean() - likeness[~shows].mean())
    clear, vague, blind = (float(np.mean(gaps[kind])) for kind in ("clear", "vague", "blind"))
    assert clear > 1.4 * vague > 0.1
    assert abs(blind) < 0.1


def test_recall_counts_needles_and_spacing_is_the_mean_gap():
    one = haystack(300, 3)
    first, second = int(one.needles[0].start_s), int(one.needles[1].end_s)
    assert one.found([first, second]) == pytest.approx(2 / 3)
    assert one.found([]) == 0
    assert one.spacing_s([0, 10, 40]) == 20


def test_a_small_run_writes_every_method_and_the_same_rows_as_teneva(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(selection, "COVERED_S", (120,))
    monkeypatch.setattr(selection, "MATRICES", ((64, 8), (200, 8)))
    file = tmp_path / "selection.json"
    assert selection.main(["--haystacks", "1", "--seconds", "200", "--json", str(file)]) == 0
    found, covered, speed = json.loads(file.read_text("utf-8"))["tables"]
    assert [row[0] for row in found["rows"]] == [*selection.FREE, *selection.ASKING]
    assert len(covered["rows"]) == 1
    assert [row[-1] for row in speed["rows"]] == ["yes", "yes"]
    assert "hybrid" in capsys.readouterr().out
