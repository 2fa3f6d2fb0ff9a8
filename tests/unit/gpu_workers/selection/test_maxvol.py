"""Our maxvol takes the rows that teneva's takes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_workers.selection.maxvol import maxvol, maxvol_rect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import teneva

matrices = st.tuples(st.integers(1, 8), st.integers(1, 120), st.integers(0, 10**6))


def matrix(rank, more, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(rank + more, rank)))[0]


@settings(deadline=None)
@given(matrices)
def test_the_square_form_takes_the_same_rows(shape):
    given_matrix = matrix(*shape)
    rows, coefficients = maxvol(given_matrix)
    assert rows.tolist() == teneva.maxvol(given_matrix)[0].tolist()
    assert np.abs(coefficients).max() <= 1.05 + 1e-9
    assert np.allclose(coefficients @ given_matrix[rows], given_matrix)


@settings(deadline=None)
@given(matrices, st.sampled_from([0.3, 0.6, 1.0, 1.5]), st.integers(0, 30))
def test_the_rectangular_form_takes_the_same_rows_in_the_same_order(shape, tolerance, added):
    given_matrix = matrix(*shape)
    count, rank = given_matrix.shape
    ours = maxvol_rect(given_matrix, tolerance=tolerance, max_rows=rank + added)
    theirs, _ = teneva.maxvol_rect(given_matrix, e=tolerance, dr_max=min(added, count - rank))
    assert ours.tolist() == theirs.tolist()


def test_a_wide_matrix_is_refused():
    with pytest.raises(ValueError, match="more rows"):
        maxvol(np.eye(3))
