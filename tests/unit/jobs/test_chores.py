"""Small work that a server does again and again."""

from __future__ import annotations

import logging
import threading

import pytest

from app.core.errors import WorkerFailed
from app.jobs.chores import Chores
from tests.unit.api.stand_in import wait_until


def test_each_chore_is_done_again_and_again_until_the_stop() -> None:
    done: list[str] = []
    chores = Chores([lambda: done.append("a"), lambda: done.append("b")], every_s=0.01)
    assert chores.stop(0.0)
    chores.start()
    wait_until(lambda: done.count("b") >= 3)
    assert chores.stop(5.0)
    assert done[:4] == ["a", "b", "a", "b"]
    count = len(done)
    threading.Event().wait(0.05)
    assert len(done) == count


def test_a_chore_that_fails_stops_neither_the_others_nor_itself(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise WorkerFailed("The disk is gone.") if len(done) % 2 else ValueError("a fault")

    chores = Chores([fail, lambda: done.append("ok")], every_s=0.01)
    with caplog.at_level(logging.WARNING):
        chores.start()
        wait_until(lambda: done.count("ok") >= 3)
        chores.stop(5.0)
    assert "The disk is gone." in caplog.text


def test_a_chore_that_takes_long_is_waited_for() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(10.0)

    chores = Chores([slow], every_s=0.01)
    chores.start()
    begun.wait(5.0)
    assert not chores.stop(0.05)
    go_on.set()
    assert chores.stop(5.0)
