"""Settings refuse nonsense loudly."""

from __future__ import annotations

import pytest

from app.core.errors import BadSettings
from app.core.settings import known_variables, load_settings


def test_a_misspelt_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEP", "3")
    with pytest.raises(BadSettings, match="LONGREEL_AGENT__MAX_STEPS"):
        load_settings()


def test_a_value_out_of_range_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_SERVER__PORT", "99999")
    with pytest.raises(BadSettings, match="LONGREEL_SERVER__PORT"):
        load_settings()


def test_nested_values_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEPS", "3")
    assert load_settings().agent.max_steps == 3


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_SERVER__API_KEY", "hunter2-hunter2")
    assert "hunter2" not in repr(load_settings())


def test_every_group_and_field_has_a_variable() -> None:
    names = known_variables()
    assert {"LONGREEL_PROFILE", "LONGREEL_HOME", "LONGREEL_INGEST__CHUNK_S"} <= set(names)
    assert len(names) == len(set(names))


def test_a_pool_of_actors_is_named_after_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_RAY__POOLS", '{"shot_detector": {"replicas": 2, "gpus": 0.25, "max_restarts": 1}}')
    pool = load_settings().ray.pools["shot_detector"]
    assert (pool.replicas, pool.gpus, pool.max_restarts, pool.at_once) == (2, 0.25, 1, 1)
    monkeypatch.setenv("LONGREEL_RAY__POOLS", '{"shots": {}}')
    with pytest.raises(BadSettings, match=r"LONGREEL_RAY__POOLS.*no model is named shots; known are transcriber"):
        load_settings()
