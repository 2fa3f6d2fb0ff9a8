"""Settings that change while the server runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.core.settings import load_settings
from app.main import create_app
from app.services.live_settings import CHANGEABLE, LiveSettings
from tests.unit.api import stand_in
from ui.render.status import CHANGES

STEPS, DAYS, LARGEST = "LONGREEL_AGENT__MAX_STEPS", "LONGREEL_BIN_DAYS", "LONGREEL_SERVER__MAX_UPLOAD_GB"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    return tmp_path


def change(client: TestClient, **values: Any) -> httpx.Response:
    return client.patch("/v1/settings", json={"values": {f"LONGREEL_{name}": one for name, one in values.items()}})


def values(client: TestClient) -> dict[str, tuple[str, str]]:
    return {one["variable"]: (one["value"], one["source"]) for one in client.get("/v1/settings").json()}


def test_a_change_is_obeyed_at_once_and_survives_a_restart(
    client: TestClient, parts: stand_in.StandIn, home: Path
) -> None:
    file = home / "longreel.toml"
    file.write_text("# mine\nserver.port = 9 # nine\n", "utf-8")
    changed = change(client, AGENT__MAX_STEPS=3, BIN_DAYS=0, SERVER__MAX_UPLOAD_GB=0.000001)
    assert changed.status_code == 200, changed.text
    assert values(client)[STEPS] == ("3", "file") and values(client)[DAYS] == ("0.0", "file")
    assert client.post("/v1/videos", files={"file": ("a.mp4", b"x" * 2000)}).status_code == 422
    assert client.options("/v1/uploads").headers["Tus-Max-Size"] == "1000"
    video = parts.add(b"one", "One")
    client.post("/v1/ask", json={"question": "When does it open?"})
    assert parts.agent.limits is not None and parts.agent.limits.max_steps == 3
    assert client.delete(f"/v1/videos/{video.id}").status_code in (200, 204)
    assert client.get("/v1/bin").json() == []
    again = load_settings()
    assert (again.agent.max_steps, again.bin_days, again.server.port) == (3, 0.0, 9)
    assert "# mine" in file.read_text("utf-8") and "# nine" in file.read_text("utf-8")
    assert change(client, AGENT__MAX_STEPS=None).status_code == 200
    assert values(client)[STEPS] == ("12", "default") and load_settings().agent.max_steps == 12


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"AGENT__MAX_STEPS": 0}, "from 1 to 64"),
        ({"AGENT__MAX_STEPS": 2.5}, "integer"),
        ({"AGENT__MAX_STEPS": True}, "integer"),
        ({"AGENT__MAX_SECONDS": 1e308}, "to 86400"),
        ({"SERVER__MAX_UPLOAD_GB": 1e308}, "to 100000"),
        ({"BIN_DAYS": 1e308}, "to 36500"),
        ({"INGEST__OBJECTS": 7}, "true, false"),
        ({"SERVER__API_KEY": 1}, "cannot be changed while Longreel runs"),
        ({"SERVER__PORT": 1}, "cannot be changed while Longreel runs"),
        ({"NONSENSE": 1}, "cannot be changed while Longreel runs"),
    ],
)
def test_what_is_out_of_range_changes_nothing(
    client: TestClient, home: Path, given: dict[str, Any], words: str
) -> None:
    before = values(client)
    refused = change(client, **{"BIN_DAYS": 1, **given})
    assert refused.status_code == 422 and words in f"{refused.json()['detail']} {refused.json()['hint']}"
    assert values(client) == before and not (home / "longreel.toml").exists()


def test_numbers_without_an_end_are_refused(client: TestClient) -> None:
    for text in ("1e999", "NaN", "Infinity", '"inf"'):
        body = f'{{"values": {{"{DAYS}": {text}}}}}'
        assert client.patch("/v1/settings", content=body, headers={"Content-Type": "application/json"}).is_client_error
    assert values(client)[DAYS] == ("7.0", "default")


def test_the_environment_wins_and_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, STEPS, "12")
    refused = change(client, AGENT__MAX_STEPS=3)
    assert refused.status_code == 422 and "comes from the environment" in refused.json()["detail"]
    assert values(client)[STEPS] == ("12", "environment")


def test_a_settings_file_that_someone_broke_stays_as_it_is(client: TestClient, home: Path) -> None:
    (home / "longreel.toml").write_text("[agent\n", "utf-8")
    refused = change(client, AGENT__MAX_STEPS=3)
    assert refused.status_code == 503 and "is not valid TOML" in refused.json()["detail"]
    assert (home / "longreel.toml").read_text("utf-8") == "[agent\n"


def test_what_needs_a_missing_part_is_refused_with_the_command_for_it(client: TestClient) -> None:
    refused = change(client, INGEST__FACES=True)
    assert refused.status_code == 503 and "faces" in refused.json()["detail"] and refused.json()["hint"]
    assert values(client)["LONGREEL_INGEST__FACES"] == ("false", "default")


def test_with_a_key_nobody_changes_settings_from_afar(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path / "data", api_key=SecretStr("secret"))
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    with TestClient(app, "http://127.0.0.1", headers={"Authorization": "Bearer secret"}) as client:
        assert "own machine" in change(client, AGENT__MAX_STEPS=3).json()["detail"]
        assert values(client)[STEPS] == ("12", "default")


def test_the_page_has_words_for_every_setting_that_can_change() -> None:
    assert {f"LONGREEL_{name}" for group in CHANGES.values() for name in group} == set(CHANGEABLE)
    assert set(CHANGEABLE) <= {one.variable for one in LiveSettings(load_settings()).list()}
