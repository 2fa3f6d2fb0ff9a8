"""Every LanguageModel; the remote one talks to a real server on this machine."""

from __future__ import annotations

import json

import pytest

from app.core.errors import Cancelled
from app.core.ports import LanguageModel
from app.core.settings import Settings, Weights
from app.core.types import Message
from gpu_workers.language.fakes import FakeLanguageModel
from gpu_workers.language.llamacpp import LlamaCppModel
from gpu_workers.language.openai import OpenAICompatibleModel
from gpu_workers.registry import Workers
from tests import tiny_models
from tests.unit.gpu_workers.language.chat_server import chat_service, completion

SCHEMA = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}, "id": {"enum": ["E1", "E2"]}},
    "required": ["found", "id"],
    "additionalProperties": False,
}


def served(request, earlier):
    schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
    messages = [Message(**turn) for turn in request["messages"]]
    made = FakeLanguageModel().complete(messages, max_tokens=request["max_tokens"], schema=schema)
    return completion(made.text, made.prompt_tokens, made.output_tokens)


@pytest.fixture(
    scope="module", params=["fake", "openai", "transformers", pytest.param("llamacpp", marks=pytest.mark.slow)]
)
def model(request, tmp_path_factory):
    if request.param == "fake":
        yield FakeLanguageModel.from_settings(Settings(), None)
    elif request.param == "transformers":
        weights = Weights(language_model=str(tiny_models.qwen3(tmp_path_factory.mktemp("qwen3"))))
        yield Workers(Settings(profile="gpu", weights=weights)).get("language_model")
    elif request.param == "llamacpp":
        worker = LlamaCppModel.from_settings(Settings(), None)
        yield worker
        worker.unload()
    else:
        with chat_service(served) as service:
            worker = OpenAICompatibleModel.from_settings(Settings(llm_url=service.url, llm_model="tiny"), None)
            yield worker
            worker.unload()


def test_it_plays_the_port_and_names_its_model(model):
    assert isinstance(model, LanguageModel)
    assert model.model


def test_it_writes_text_and_counts_tokens(model):
    reply = model.complete([Message("system", "Be brief."), Message("user", "Say the word yes.")], max_tokens=8)
    assert reply.text.strip()
    assert reply.prompt_tokens > 0
    assert 0 < reply.output_tokens <= 8


def test_it_stops_at_the_limit(model):
    reply = model.complete([Message("user", "one two three four five six seven")], max_tokens=2)
    assert reply.output_tokens <= 2


def test_with_a_schema_the_text_is_json_that_fits(model):
    data = json.loads(model.complete([Message("user", "Is E2 red? Yes.")], max_tokens=60, schema=SCHEMA).text)
    assert set(data) == {"found", "id"}
    assert isinstance(data["found"], bool)
    assert data["id"] in ("E1", "E2")


def test_the_same_prompt_gives_the_same_text(model):
    prompt = [Message("user", "Answer with one number. What is two plus two?")]
    assert model.complete(prompt, max_tokens=6).text == model.complete(prompt, max_tokens=6).text


def test_a_model_that_is_told_to_stop_before_the_start_raises_cancelled(model):
    with pytest.raises(Cancelled):
        model.complete([Message("user", "Say yes.")], max_tokens=8, stop=lambda: True)


def test_a_model_that_is_never_told_to_stop_answers(model):
    assert model.complete([Message("user", "Say yes.")], max_tokens=8, stop=lambda: False).text.strip()
