"""Clusters hold every row once, and are those of the known methods."""

from __future__ import annotations

import numpy as np
import pytest

from app.evaluation.modes.clusters import by_cosine, by_ward, centre


def unit(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("rows", "count"), [(1, 8), (5, 8), (60, 8), (200, 32)])
def test_every_row_is_in_one_cluster_and_none_is_empty(rows: int, count: int) -> None:
    for clusters in (by_cosine(unit(rows), count), by_ward(unit(rows), list(range(rows)), count)):
        assert sorted(row for cluster in clusters for row in cluster) == list(range(rows))
        assert len(clusters) == min(rows, count) and all(clusters)


def test_scenes_that_look_alike_are_one_cluster() -> None:
    scenes = unit(4, seed=3)
    film = np.repeat(scenes, [7, 3, 9, 1], axis=0)
    expected = [list(range(7)), [7, 8, 9], list(range(10, 19)), [19]]
    assert by_cosine(film, 8) == expected == by_ward(film, list(range(20)), 4)
    assert centre(film, expected[1]) in expected[1]


@pytest.mark.parametrize("seed", range(3))
def test_wards_clusters_are_those_of_scipy(seed: int) -> None:
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    points = unit(80, seed)
    labels = hierarchy.fcluster(hierarchy.linkage(points, method="ward"), 5, criterion="maxclust")
    expected = sorted(np.flatnonzero(labels == label).tolist() for label in np.unique(labels))
    assert by_ward(points, list(range(80)), 5) == expected


def test_k_means_leaves_every_row_with_its_nearest_centre() -> None:
    points = unit(120, 5)
    clusters = by_cosine(points, 8)
    middles = np.stack([points[rows].mean(axis=0) / np.linalg.norm(points[rows].mean(axis=0)) for rows in clusters])
    nearest = (points @ middles.T).argmax(axis=1)
    assert all((nearest[rows] == place).all() for place, rows in enumerate(clusters))
