from __future__ import annotations

from dataclasses import replace

import pytest

from agents.modes import billions, mode_of, work_of
from app.core.settings import Agent
from gpu_workers.language.fakes import FakeLanguageModel
from tests.unit.agents.parts import Desk


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("qwen2.5-coder-1.5b-instruct@cc324af0/q4_k_m", 1.5),
        ("Qwen/Qwen3-8B@main", 8.0),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", 30.0),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 56.0),
        ("llama3.3:70b@http://10.8.7.6:11434/v1", 70.0),
        ("Qwen3-0.6B-Q8_0.gguf", 0.6),
        ("gpt-5@https://llm.example/70b/v1", None),
        ("tiny@1b4b", None),
    ],
)
def test_the_name_of_a_model_tells_its_size(name: str, size: float | None) -> None:
    assert billions(name) == size


def named(name: str) -> FakeLanguageModel:
    model = FakeLanguageModel()
    model.model = name
    return model


@pytest.mark.parametrize(
    ("setting", "model", "mode", "reason"),
    [
        ("auto", "qwen2.5-coder-1.5b-instruct", "guided", "1.5 billion"),
        ("auto", "Qwen/Qwen3-8B", "free", "8 billion"),
        ("auto", "some-server", "guided", "no size"),
        ("free", "some-server", "free", "setting"),
        ("guided", "Qwen/Qwen3-8B", "guided", "setting"),
        ("free", "", "guided", "no language model"),
    ],
)
def test_a_large_model_chooses_its_steps_unless_the_setting_says_otherwise(
    setting: str, model: str, mode: str, reason: str
) -> None:
    desk = Desk(model=named(model) if model else None, settings=Agent.model_validate({"mode": setting}))
    chosen = mode_of(desk.parts)
    assert chosen.name == mode and reason in chosen.reason


def test_a_model_that_chooses_its_steps_has_more_tokens_to_spend() -> None:
    spent = replace(work_of(Desk().parts, lambda: False).budget.usage, prompt_tokens=6000)
    free = Desk(model=named("big-70b"), settings=Agent(max_tokens=6000, free_tokens=20_000))
    assert work_of(free.parts, lambda: False, spent).budget.has_words
    assert not work_of(Desk().parts, lambda: False, spent).budget.has_words
