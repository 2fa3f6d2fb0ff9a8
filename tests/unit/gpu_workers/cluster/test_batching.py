"""Calls of several threads joined into one batch."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gpu_workers.cluster.batching import BatchWindow, Joined, joining
from gpu_workers.vision.fakes import FakeCaptioner


def squares(batches: list[int]):
    def work(items: Sequence[int]) -> np.ndarray:
        batches.append(len(items))
        if 0 in items:
            raise ValueError("nought")
        return np.array(items) ** 2

    return work


def test_lists_of_many_threads_give_the_same_as_one_by_one_in_fewer_batches():
    batches: list[int] = []
    window = BatchWindow(squares(batches), wait_s=0.3, most=5)
    lists = [[n, n + 1, n + 2] for n in range(1, 21)]
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(window, lists))
    assert [list(one) for one in found] == [[item**2 for item in some] for some in lists]
    assert sum(batches) == 60 and max(batches) <= 15 and len(batches) < 20


def test_a_full_group_does_not_wait():
    started = time.monotonic()
    window = BatchWindow(squares([]), wait_s=30, most=2)
    with ThreadPoolExecutor(2) as threads:
        assert [list(one) for one in threads.map(window, [[1], [2]])] == [[1], [4]]
    assert time.monotonic() - started < 20


def test_an_error_is_told_to_the_caller_whose_items_made_it():
    window = BatchWindow(squares([]), wait_s=0.3, most=3)
    together = threading.Barrier(3)

    def call(items: list[int]) -> object:
        together.wait()
        try:
            return window(items).tolist()
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(call, [[1], [0], [2]])) == [[1], "nought", [4]]
    with pytest.raises(ValueError, match="nought"):
        window([0])


def test_only_models_that_take_lists_are_joined_and_only_where_several_calls_can_meet():
    class Embedder:
        model = "squares@1"

        def embed(self, items: Sequence[int]) -> np.ndarray:
            return np.array(items) ** 2

    joined = joining(0.01, 4)("text_embedder", Embedder())
    assert isinstance(joined, Joined) and joined.model == "squares@1" and list(joined.embed([3])) == [9]
    for wait_s, most in ((0.0, 4), (0.01, 1)):
        assert isinstance(joining(wait_s, most)("text_embedder", Embedder()), Embedder)
    assert isinstance(joining(0.01, 4)("language_model", Embedder()), Embedder)
    assert isinstance(joining(0.01, 4)("captioner", FakeCaptioner()), FakeCaptioner)
