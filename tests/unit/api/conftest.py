"""A client of the server over the stand-in, without sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from tests.unit.api import stand_in


@pytest.fixture
def parts(tmp_path: Path) -> stand_in.StandIn:
    return stand_in.make(tmp_path)


@pytest.fixture
def client(parts: stand_in.StandIn) -> Iterator[TestClient]:
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    with TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as client:
        yield client
