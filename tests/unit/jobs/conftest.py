from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.db.database import Database
from app.db.jobs import SqlJobStore
from app.jobs.worker import Handler, Worker
from tests.postgres import KINDS, open_database
from tests.unit.jobs.working import AT_ONCE


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with open_database(request, request.param) as opened:
        yield opened


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: Database) -> str:
    kind = request.node.callspec.params["database"]
    return str(request.getfixturevalue("postgres_url" if kind == "postgres" else "sqlite_file_url"))


@pytest.fixture
def store(sqlite_file_url: str) -> Iterator[SqlJobStore]:
    database = Database(sqlite_file_url)
    yield SqlJobStore(database)
    database.close()


@pytest.fixture
def working() -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(store: Any, handler: Handler, **options: Any) -> Worker:
        settings = {"policy": AT_ONCE, "poll_s": 0.02, "heartbeat_s": 0.05, **options}
        worker = Worker(store, {"ingest": handler}, **settings)
        started.append(worker)
        worker.start()
        return worker

    yield start
    for worker in started:
        assert worker.stop(10)
