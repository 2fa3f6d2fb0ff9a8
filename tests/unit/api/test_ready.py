"""Whether the server is ready: each part is asked, and one that hangs holds one thread, however often it is asked."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.api.routes import system
from app.core.errors import MissingPart
from app.main import create_app
from tests.unit.api import stand_in


def test_a_part_that_hangs_is_named_and_holds_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "READY_S", 0.05)
    parts = stand_in.make(tmp_path)
    asked, answers = list[str](), threading.Event()

    def hang() -> None:
        asked.append(threading.current_thread().name)
        answers.wait(10)

    def miss() -> None:
        raise MissingPart("The model e5 is missing.", "pip install it")

    checks = {"database": hang, "index": lambda: None, "models": miss}
    longreel = replace(parts.longreel, readiness=checks)
    with TestClient(create_app(longreel.settings, longreel, page=False), "http://127.0.0.1") as client:
        for _ in range(3):
            answer = client.get("/v1/ready")
            assert (answer.status_code, answer.json()["problems"]) == (
                503,
                {"database": "It did not answer within 0.05 s.", "models": "The model e5 is missing. pip install it"},
            )
            assert client.get("/v1/health").status_code == 200
        assert len(asked) == 1
        answers.set()
        checks["models"] = checks["index"]
        monkeypatch.setattr(system, "READY_S", 5.0)
        assert client.get("/v1/ready").json() == {"ready": True, "problems": {}}
