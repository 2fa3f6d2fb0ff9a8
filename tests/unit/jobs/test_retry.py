"""When a failed job is tried again."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput, MissingPart, StorageFull, WorkerFailed
from app.jobs.retry import RetryPolicy

FAILED = WorkerFailed("It broke.")


def test_waits_grow_by_the_factor_up_to_the_longest() -> None:
    policy = RetryPolicy(max_attempts=10, first_s=2, factor=3, max_s=20, jitter=0)
    assert [policy.retry_in_s(FAILED, attempts, "j") for attempts in (1, 2, 3, 4)] == [2, 6, 18, 20]


def test_after_the_last_attempt_it_gives_up() -> None:
    policy = RetryPolicy(max_attempts=2)
    assert policy.retry_in_s(FAILED, 1, "j") is not None
    assert policy.retry_in_s(FAILED, 2, "j") is None


@pytest.mark.parametrize("error", [BadInput("no"), MissingPart("no"), StorageFull("no"), ValueError("no")])
def test_what_another_try_cannot_cure_is_not_tried_again(error: Exception) -> None:
    assert RetryPolicy().retry_in_s(error, 1, "j") is None


def test_jitter_spreads_jobs_and_is_the_same_each_time() -> None:
    policy = RetryPolicy(first_s=100, jitter=0.2)
    waits = [policy.retry_in_s(FAILED, 1, f"job-{number}") for number in range(50)]
    assert waits == [policy.retry_in_s(FAILED, 1, f"job-{number}") for number in range(50)]
    assert all(wait is not None and 80 <= wait <= 120 for wait in waits)
    assert len(set(waits)) == 50
