"""A language model through transformers, on a tiny model through the product's own loading."""

from __future__ import annotations

import json
import re

import pytest

from app.core.errors import BadSettings, Cancelled, MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Models, Settings, Weights
from app.core.types import Message
from gpu_workers.registry import Workers
from tests import tiny_models
from tests.unit.gpu_workers.busy import in_use

ASKED = [Message("system", "Be brief."), Message("user", "What is it?")]


def made(folder):
    return Workers(Settings(profile="gpu", weights=Weights(language_model=str(folder)))).get("language_model")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return made(tiny_models.qwen3(tmp_path_factory.mktemp("qwen3")))


def test_prompt_and_answer_are_counted_in_tokens(model):
    before = model.counters.tokens
    reply = model.chat(ASKED, max_output=5)
    # One byte is one token here, and a mark is one.
    written = "system\nBe brief.", "user\nWhat is it?", "assistant\n"
    assert reply.prompt_tokens == sum(map(len, written)) + 2 * 3 + 1
    assert 0 < reply.output_tokens <= 5
    assert model.counters.tokens - before == reply.output_tokens


def test_two_loadings_write_the_same(model, tmp_path):
    again = made(tiny_models.qwen3(tmp_path / "again"))
    assert again.chat(ASKED, max_output=12) == model.chat(ASKED, max_output=12)


def test_the_prompt_changes_the_answer(model):
    said = {model.chat([Message("user", f"Number {n}?")], max_output=12).text for n in range(4)}
    assert len(said) > 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"n": {"enum": [1, 2, 30]}}, "required": ["n"], "additionalProperties": False},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2},
        {"anyOf": [{"const": "yes"}, {"type": "null"}]},
    ],
)
def test_a_schema_binds_a_model_that_knows_nothing(model, schema):
    reply = model.chat(ASKED, max_output=60, schema=schema)
    data = json.loads(reply.text)
    if schema.get("type") == "object":
        assert data["n"] in (1, 2, 30) and set(data) == {"n"}
    elif schema.get("type") == "array":
        assert len(data) == 2 and all(isinstance(one, bool) for one in data)
    else:
        assert data in ("yes", None)


def test_an_answer_in_json_may_be_cut_by_the_limit(model):
    schema = {"type": "object", "properties": {"name": {"const": "a long name"}}, "required": ["name"]}
    assert model.chat(ASKED, max_output=6, schema=schema).text == '{"name'


def test_a_schema_that_makes_no_sense_is_an_error(model):
    with pytest.raises(WorkerFailed, match="schema"):
        model.chat(ASKED, max_output=4, schema={"type": "nonsense"})


def test_a_prompt_that_is_too_long_is_refused_with_its_length(model):
    with pytest.raises(ToolRefused, match=r"The prompt has 6\d\d tokens; qwen3.* reads 512"):
        model.chat([Message("user", "x" * 600)], max_output=4)


def test_it_stops_when_told_to_and_writes_again_afterwards(model):
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        model.chat(ASKED, max_output=50, stop=stop)
    assert len(asked) == 4
    assert model.chat(ASKED, max_output=2).output_tokens == 2


def test_a_question_that_waits_for_the_answer_to_another_can_be_stopped(model):
    with in_use(model):
        with pytest.raises(Cancelled):
            model.chat(ASKED, max_output=2, stop=lambda: True)
        with pytest.raises(Cancelled):
            model.weigh(ASKED, ["A", "B"], stop=lambda: True)


def test_memory_that_runs_out_on_the_cpu_is_an_error_with_advice(model, monkeypatch):
    import torch

    def full(**inputs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model._loaded.model, "generate", full)
    with pytest.raises(WorkerFailed, match="ran out of memory") as caught:
        model.chat(ASKED, max_output=2)
    assert "smaller model" in caught.value.hint
    assert model.counters.out_of_memory == 1


def test_a_model_without_a_chat_template_is_refused(tmp_path):
    folder = tiny_models.qwen3(tmp_path)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(MissingPart, match="no chat template"):
        made(folder).chat(ASKED, max_output=2)


def test_weights_that_nobody_named_are_asked_for():
    settings = Settings(models=Models(language_model="transformers"))
    with pytest.raises(BadSettings, match=re.escape("The profile offline names no weights")) as caught:
        Workers(settings).get("language_model")
    assert "LONGREEL_WEIGHTS__LANGUAGE_MODEL" in caught.value.hint
