"""What every JobStore promises of the order in which jobs are claimed."""

from __future__ import annotations

import contextlib
import random
import threading

import pytest

from app.core.errors import BadInput, NotFound
from app.jobs.store import JobStore
from tests.contract.job_store.stores import ERROR, claimed, claimed_in_order, parts


def test_the_oldest_is_claimed_first_and_a_job_at_the_top_before_all(store: JobStore) -> None:
    first, second, third = (store.submit("ingest", {"n": n}).id for n in range(3))
    assert store.move_to_top(third) == store.get(third)
    store.move_to_top(second)
    later = store.submit("ingest", {}).id
    assert claimed_in_order(store) == [second, third, first, later]


def test_the_parts_that_wait_move_with_their_job(store: JobStore) -> None:
    whole = store.submit("batch", {}, children=parts(1, 2))
    other = store.submit("ingest", {})
    running = store.children(whole.id)[0]
    assert claimed(store).id == running.id
    store.move_to_top(other.id)
    store.move_to_top(whole.id)
    assert [child.priority for child in store.children(whole.id)] == [0, 2]
    assert claimed(store).id == store.children(whole.id)[1].id


def test_jobs_are_claimed_once_each_while_others_are_moved(store: JobStore) -> None:
    ids = [store.submit("ingest", {"n": n}).id for n in range(30)]
    taken: list[str] = []

    def take() -> None:
        while len(taken) < len(ids):
            job = store.claim("w1", ["ingest"])
            taken.extend([job.id] if job else [])

    def move(seed: int) -> None:
        chance = random.Random(seed)
        while len(taken) < len(ids):
            with contextlib.suppress(BadInput):
                store.move_to_top(chance.choice(ids))

    threads = [threading.Thread(target=take), *(threading.Thread(target=move, args=(seed,)) for seed in (1, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_only_a_waiting_job_moves_and_it_stays_at_the_top_when_it_is_tried_again(store: JobStore) -> None:
    id = store.submit("ingest", {}).id
    top = store.move_to_top(id).priority
    job = claimed(store)
    with pytest.raises(BadInput, match="running"):
        store.move_to_top(id)
    store.fail(job, "w1", ERROR)
    assert store.retry(id).priority == top > 0
    with pytest.raises(NotFound):
        store.move_to_top("nope")
