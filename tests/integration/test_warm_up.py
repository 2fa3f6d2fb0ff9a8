"""`longreel serve --warm-up`: the models that answering needs are in memory before anybody asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from app.cli import app as commands
from app.core.settings import Settings, load_settings
from app.main import create_app
from tests import tiny_models
from tests.integration import offline_fakes
from tests.unit.api.stand_in import wait_until


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, folder: Path, **more: str) -> Iterator[TestClient]:
    for name, value in {**offline_fakes.environment(folder), **more}.items():
        monkeypatch.setenv(name, value)
    with TestClient(create_app(load_settings(), page=False), base_url="http://localhost") as client:
        yield client


def eyes(folder: Path) -> dict[str, str]:
    return {
        "LONGREEL_MODELS__VISION_LANGUAGE_MODEL": "transformers",
        "LONGREEL_WEIGHTS__VISION_LANGUAGE_MODEL": str(folder),
    }


def test_models_are_loaded_before_the_first_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = {**eyes(tiny_models.qwen3_vl(tmp_path / "eyes")), "LONGREEL_SERVER__WARM_UP": "true"}
    with served(monkeypatch, tmp_path, **more) as client:

        def status() -> Any:
            return client.get("/v1/status").json()

        wait_until(lambda: status()["warm_up"]["state"] != "loading", 120)
        told = status()
        assert told["warm_up"] == {"state": "ready", "done": 2, "total": 2, "loading": "", "problems": []}
        loaded = {model["model"].split("@")[0]: model["loaded"] for model in told["models"]}
        assert loaded["eyes"] is True


def test_a_model_that_is_not_there_is_told_and_the_server_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {**eyes(tmp_path / "nothing"), "LONGREEL_SERVER__WARM_UP": "true"}
    with served(monkeypatch, tmp_path, **more) as client:
        wait_until(lambda: client.get("/v1/status").json()["warm_up"]["state"] == "failed", 120)
        [problem] = client.get("/v1/status").json()["warm_up"]["problems"]
        assert problem.startswith("vision language model: ") and client.get("/v1/videos").json() == []


def test_nothing_is_loaded_unless_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, tmp_path) as client:
        told = client.get("/v1/status").json()
        assert told["warm_up"]["state"] == "off" and not any(model["loaded"] for model in told["models"])


def test_the_command_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Settings] = []
    monkeypatch.setenv("LONGREEL_DATA", str(tmp_path))
    monkeypatch.setattr("app.main.create_app", lambda settings: given.append(settings) or FastAPI())
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    for words in (["serve"], ["serve", "--warm-up"]):
        assert CliRunner().invoke(commands, words).exit_code == 0
    assert [settings.server.warm_up for settings in given] == [False, True]
