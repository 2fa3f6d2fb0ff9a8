from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.db.jobs import SqlJobStore
from app.jobs.store import JobStore
from tests.contract.clock import Clock
from tests.contract.job_store.stores import LEASE_S
from tests.postgres import KINDS, open_database


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[JobStore]:
    with open_database(request, request.param) as database:
        yield SqlJobStore(database, lease_s=LEASE_S, clock=clock)
