"""Faces are grouped by person while they come, in memory that does not grow with their number."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.types import Face, TimeSpan
from app.services.ingest.face_clusters import AT_ONCE, MOST, Groups

WHOLE = TimeSpan(0.0, 10_000.0)


def face(person: int, noise: float = 0.0, seed: int = 0) -> Face:
    vector = np.eye(64, dtype=np.float32)[person]
    vector = vector + noise * np.random.default_rng(seed).standard_normal(64).astype(np.float32) / 8
    return Face((0.0, 0.0, 1.0, 1.0), 0.9, (vector / np.linalg.norm(vector)).astype(np.float32))


def test_each_person_has_a_vector_and_the_times_of_being_seen() -> None:
    groups = Groups(1.0)
    for second in range(20):
        groups.add(100.0 + second, face(second // 10, 0.8, second))
        if second in (2, 3):
            groups.add(100.0 + second, face(5, 0.8, second))
    found = groups.found(TimeSpan(100.0, 119.5))
    spans = {turn.voice: [] for turn in found.turns}
    for turn in found.turns:
        spans[turn.voice].append((turn.span.start_s, turn.span.end_s))
    assert sorted(spans.values()) == [[(100.0, 110.0)], [(102.0, 104.0)], [(110.0, 119.5)]]
    assert np.linalg.norm(found.voices, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_nobody_gives_nothing() -> None:
    found = Groups(1.0).found(WHOLE)
    assert found.turns == () and len(found.voices) == 0


def test_many_faces_of_few_people_stay_few_in_memory() -> None:
    groups = Groups(0.5)
    for number in range(5 * AT_ONCE):
        groups.add(number / 2, face(number % 3, 0.8, number))
        assert len(groups._vectors) <= AT_ONCE
    assert len(groups.found(WHOLE).voices) == 3


def test_of_a_crowd_those_who_are_seen_longest_are_kept() -> None:
    groups = Groups(1.0)
    for second in range(6):
        for person in range(MOST + 10 if second == 0 else MOST):
            groups.add(float(second), face(person))
    found = groups.found(WHOLE)
    assert len(found.voices) == MOST
    assert {float(turn.span.duration_s) for turn in found.turns} == {6.0}
