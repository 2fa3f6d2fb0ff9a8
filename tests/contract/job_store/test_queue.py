"""What every JobStore promises of the order in which jobs are claimed."""

from __future__ import annotations

import contextlib
import random
import threading

import pytest

from app.core.errors import BadInput, NotFound
from app.jobs.store import JobStore
from tests.contract.job_store.stores import ERROR, claimed, claimed_in_order, parts


def test_the_highest_priority_is_claimed_first_and_next_goes_before_all(store: JobStore) -> None:
    first, second, third = (store.submit("ingest", {"n": n}).id for n in range(3))
    assert store.prioritize(second, 1).priority == 1
    assert store.prioritize(third, None).priority == 2
    assert store.prioritize(first, -5) == store.get(first)
    assert [claimed(store).id for _ in range(3)] == [third, second, first]


def test_a_job_moves_just_before_another_and_the_others_keep_their_order(store: JobStore) -> None:
    a, b, c, d = (store.submit("ingest", {"n": n}).id for n in range(4))
    assert store.arrange(d, b) == store.get(d)
    store.arrange(a, c)
    store.arrange(c, c)
    later = store.submit("ingest", {}).id
    assert claimed_in_order(store) == [d, b, a, c, later]


def test_the_last_place_is_before_what_is_submitted_later(store: JobStore) -> None:
    a, b, c = (store.submit("ingest", {"n": n}).id for n in range(3))
    store.prioritize(a, 7)
    store.arrange(a, None)
    store.arrange(b, None)
    later = store.submit("ingest", {}).id
    assert claimed_in_order(store) == [c, a, b, later]


def test_any_moves_give_the_order_that_was_asked_for(store: JobStore) -> None:
    ids = [store.submit("ingest", {"n": n}).id for n in range(6)]
    order, chance = list(ids), random.Random(1)
    for _ in range(30):
        moved, before = chance.choice(ids), chance.choice([*ids, None])
        store.arrange(moved, before)
        if moved != before:
            order.remove(moved)
            order.insert(len(order) if before is None else order.index(before), moved)
    assert claimed_in_order(store) == order


def test_a_job_moves_with_its_parts_and_no_part_alone(store: JobStore) -> None:
    first = store.submit("ingest", {}).id
    whole = store.submit("batch", {}, children=parts(1, 2))
    other = store.submit("batch", {}, children=parts(3)).id
    store.arrange(whole.id, first)
    one, two = (child.id for child in store.children(whole.id))
    with pytest.raises(BadInput, match="part of another job"):
        store.arrange(one, first)
    [part] = store.children(other)
    store.arrange(other, whole.id)
    assert claimed_in_order(store) == [part.id, one, two, first]


def test_only_waiting_jobs_are_put_in_order(store: JobStore) -> None:
    running, waiting = (store.submit("ingest", {}).id for _ in range(2))
    claimed(store)
    with pytest.raises(BadInput, match="running"):
        store.arrange(running, waiting)
    with pytest.raises(BadInput, match="no longer waiting"):
        store.arrange(waiting, running)
    with pytest.raises(NotFound):
        store.arrange("nope", waiting)
    assert store.get(waiting).priority == 0


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
                store.arrange(chance.choice(ids), chance.choice([*ids, None]))

    threads = [threading.Thread(target=take), *(threading.Thread(target=move, args=(seed,)) for seed in (1, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(ids)


def test_the_parts_that_wait_move_with_their_job(store: JobStore) -> None:
    other = store.submit("ingest", {})
    whole = store.submit("batch", {}, children=[("ingest", {"n": 1}), ("ingest", {"n": 2})])
    running = store.children(whole.id)[0]
    store.prioritize(other.id, -1)
    assert claimed(store).id == running.id
    store.prioritize(other.id, 5)
    store.prioritize(whole.id, None)
    assert [child.priority for child in store.children(whole.id)] == [0, 6]
    assert claimed(store).id == store.children(whole.id)[1].id


def test_only_a_waiting_job_moves_and_it_keeps_its_place_when_it_is_tried_again(store: JobStore) -> None:
    id = store.submit("ingest", {}).id
    store.prioritize(id, 3)
    job = claimed(store)
    with pytest.raises(BadInput, match="running"):
        store.prioritize(id, None)
    store.fail(job, "w1", ERROR)
    assert store.retry(id).priority == 3
    with pytest.raises(BadInput, match="out of range"):
        store.prioritize(id, 10**9)
    with pytest.raises(NotFound):
        store.prioritize("nope", 1)
