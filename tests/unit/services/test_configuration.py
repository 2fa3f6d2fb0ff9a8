from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.core.settings import Settings, known_variables, load_settings
from app.services.configuration import Setting, explained


def found(settings: Settings, **environment: str) -> dict[str, Setting]:
    return {one.variable.removeprefix("LONGREEL_"): one for one in explained(settings, environment)}


def test_every_setting_is_told_with_its_meaning() -> None:
    told = explained(Settings(), {})
    names = {one.variable for one in told}
    assert names <= set(known_variables()) and len(names) == len(told)
    assert [one.variable for one in told if not one.meaning] == []


def test_a_value_is_told_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEPS", "3")
    settings = load_settings()
    settings = settings.model_copy(update={"server": settings.server.model_copy(update={"port": 8000})})
    told = found(settings, LONGREEL_AGENT__MAX_STEPS="3")
    steps, port, host = told["AGENT__MAX_STEPS"], told["SERVER__PORT"], told["SERVER__HOST"]
    assert (steps.value, steps.default, steps.source, steps.part) == ("3", "12", "environment", "agent")
    assert (port.value, port.source, host.source) == ("8000", "command line", "default")
    assert told["INGEST__SPEAKERS"].value == "false" and told["LLM_URL"].value == ""


def test_secrets_and_what_addresses_may_hide_are_not_told() -> None:
    secret = {
        "database_url": SecretStr("postgresql://me:hunter2@db/x"),
        "llm_url": "https://me:hunter2@host/v1?k=hunter2",
    }
    server = Settings().server.model_copy(update={"api_key": SecretStr("hunter2"), "webhook_url": "https://h/hunter2"})
    told = found(Settings().model_copy(update={**secret, "server": server}))
    assert "hunter2" not in str(told)
    assert (told["DATABASE_URL"].value, told["DATABASE_URL"].hidden) == ("", True)
    assert (told["LLM_URL"].value, told["LLM_URL"].hidden) == ("https://host/...", True)
    assert not told["VLM_KEY"].hidden


def test_what_may_be_given_is_told_in_words() -> None:
    told = found(Settings())
    allowed = ("PROFILE", "AGENT__MAX_STEPS", "INGEST__SAMPLE_EVERY_S", "SERVER__PRIVATE_WEBHOOKS", "LLM_MODEL")
    assert [told[name].allowed for name in allowed] == [
        "offline, cpu, gpu, remote",
        "from 1 to 64",
        "above 0 to 60",
        "true, false",
        "",
    ]
