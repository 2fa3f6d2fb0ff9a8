"""Connecting a server of models through the API."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.main import create_app
from tests.integration.test_connect import BLIND, EYES, answer
from tests.unit.api import stand_in
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service


def test_a_server_is_tried_without_changing_anything_and_saved_when_it_shall_be_used(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    file = tmp_path / "longreel.toml"
    with chat_service(answer) as service:
        service.listed = Reply(body={"object": "list", "data": [{"id": BLIND}, {"id": EYES}]})
        tried = client.post("/v1/connection", json={"url": service.url, "key": "sk-1"}).json()
        assert (tried["model"], tried["sees"], tried["saved"], file.exists()) == (EYES, True, False, False)
        assert {one["name"]: (one["tried"], one["sees"]) for one in tried["models"]} == {
            BLIND: (True, False),
            EYES: (True, True),
        }
        blind = client.post("/v1/connection", json={"url": service.url, "model": BLIND, "save": True}).json()
        assert (blind["model"], blind["sees"], blind["saved"]) == (BLIND, False, True)
        assert "cannot see" in blind["notes"][0] and BLIND in file.read_text("utf-8")
        wrong = client.post("/v1/connection", json={"url": service.url, "model": "qwen3-vl"})
        assert wrong.status_code == 404 and wrong.json()["hint"]


def test_on_a_server_with_a_key_nobody_connects_a_model_from_afar(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path / "data", api_key=SecretStr("secret"))
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    with TestClient(app, "http://127.0.0.1", headers={"Authorization": "Bearer secret"}) as client:
        refused = client.post("/v1/connection", json={"url": "http://127.0.0.1:9"})
        assert refused.status_code == 422 and "longreel connect http://127.0.0.1:9" in refused.json()["hint"]
        assert client.get("/v1/status").json()["can_connect"] is False
