"""What Longreel says that it can do, with different models."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.settings import Settings
from app.services.abilities import Ability, abilities
from gpu_workers.registry import Workers


def with_settings(**changes: Any) -> dict[str, Ability]:
    settings = Settings().model_copy(update=changes)
    return {one.name: one for one in abilities(settings, Workers(settings).name)}


def test_offline_it_hears_reads_and_answers_but_cannot_see() -> None:
    found = with_settings(profile="offline")
    assert {name: one.able for name, one in found.items()} == {
        "hears": True,
        "reads": True,
        "sees": False,
        "answers": True,
    }
    assert "Connect a model that sees" in found["sees"].detail and "weak" in found["answers"].detail


@pytest.mark.parametrize(
    ("changes", "sees", "answers"),
    [
        ({"llm_url": "http://127.0.0.1:11434/v1", "llm_model": "qwen3-vl:8b"}, True, True),
        ({"llm_url": "http://127.0.0.1:11434/v1", "llm_model": "tiny", "llm_images": False}, False, True),
        ({}, False, False),
    ],
)
def test_a_connected_model_is_named_and_sees_unless_it_is_known_not_to(
    changes: dict[str, Any], sees: bool, answers: bool
) -> None:
    found = with_settings(profile="remote", **changes)
    assert (found["sees"].able, found["answers"].able) == (sees, answers)
    named = found["sees"].detail + found["answers"].detail
    assert changes.get("llm_model", "Connect a model") in named
