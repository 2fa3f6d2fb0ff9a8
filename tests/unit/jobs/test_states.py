"""The moves of a job that a store cannot show: what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.errors import BadInput
from app.jobs import states
from app.jobs.states import Job, JobError, JobState

QUEUED = Job("j1", "ingest", {}, created_at=100.0, due_at=100.0)
RUNNING = states.claim(QUEUED, "w", 101.0, 60.0)
ERROR = JobError("worker_failed", "It broke.")


def in_state(state: JobState) -> Job:
    return replace(QUEUED, state=state)


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RUNNING])
def test_only_a_running_job_can_be_extended_finished_failed_or_released(state: JobState) -> None:
    job = in_state(state)
    moves = (
        lambda: states.extend(job, 1.0, 60.0),
        lambda: states.finish(job, {}, 1.0),
        lambda: states.fail(job, ERROR, None, 1.0),
        lambda: states.release(job, 1.0),
    )
    for move in moves:
        with pytest.raises(BadInput, match=f"is {state}"):
            move()


@pytest.mark.parametrize("state", list(states.ENDED))
def test_a_job_that_ended_cannot_be_claimed(state: JobState) -> None:
    with pytest.raises(BadInput):
        states.claim(in_state(state), "w", 1e9, 60.0)


def test_a_job_is_not_claimed_before_its_time_or_under_a_lease() -> None:
    with pytest.raises(BadInput):
        states.claim(QUEUED, "w", 99.9, 60.0)
    with pytest.raises(BadInput):
        states.claim(RUNNING, "w2", 160.9, 60.0)


def test_the_same_worker_with_an_older_claim_does_not_hold_the_job() -> None:
    again = states.claim(RUNNING, "w", 162.0, 60.0)
    assert states.is_held(again, again, "w")
    assert not states.is_held(again, RUNNING, "w")


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.FINISHED])
def test_only_a_failed_or_cancelled_job_is_tried_again(state: JobState) -> None:
    with pytest.raises(BadInput, match="cannot be tried again"):
        states.retry(in_state(state), 1.0)


@pytest.mark.parametrize(
    ("progress", "share"),
    [(None, None), ({"type": "warned"}, None), ({"done": 1, "total": 0}, None), ({"done": 9, "total": 8}, 1.0)],
)
def test_the_done_share_is_known_only_where_there_is_a_total(progress: dict[str, object], share: float | None) -> None:
    assert replace(QUEUED, progress=progress).done_share == share
