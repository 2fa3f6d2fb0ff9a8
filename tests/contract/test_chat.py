"""Every Chat; the one for servers talks to two that others wrote, llama.cpp's and that of transformers."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.core.errors import Cancelled, ToolRefused, WorkerFailed
from app.core.ports import Chat
from app.core.settings import Models, Settings, Weights
from app.core.types import Frame, Message, ToolCall, ToolSpec
from gpu_workers.language import openai_talk
from gpu_workers.language.fakes import FakeChat
from gpu_workers.language.llamacpp import LlamaCppModel
from gpu_workers.language.openai import OpenAICompatibleModel
from gpu_workers.registry import Workers
from tests import tiny_models

SCHEMA = {
    "type": "object",
    "properties": {"id": {"enum": ["E1", "E2"]}},
    "required": ["id"],
    "additionalProperties": False,
}
QUERY = {
    "type": "object",
    "properties": {"query": {"enum": ["bridge", "boat"]}},
    "required": ["query"],
    "additionalProperties": False,
}
SEARCH = ToolSpec("search", "Searches all that is said in the video.", QUERY)
SERVING = ("accelerate", "fastapi", "openai", "uvicorn")
"""What `transformers serve` needs beside transformers."""
OWN_SERVER = os.environ.get("LONGREEL_TEST_CHAT_URL", "")
"""A server that already runs, such as http://localhost:11434/v1, with the model of LONGREEL_TEST_CHAT_MODEL."""


def tiny_model(folder: Path) -> Path:
    """Random weights that read a page of text: a letter is a token to them."""
    path = tiny_models.qwen3(folder)
    config = path / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"max_position_embeddings": 4096}), "utf-8")
    return path


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def transformers_server(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """`transformers serve` with a tiny model of random weights."""
    missing = [name for name in SERVING if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"transformers serve needs {', '.join(missing)}")
    port = free_port()
    program = Path(sys.executable).parent / "transformers"
    options = ["--host", "127.0.0.1", "--port", str(port), "--force-model", str(folder), "--log-level", "error"]
    process = subprocess.Popen([program, "serve", *options], env={**os.environ, "HF_HUB_OFFLINE": "1"})
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=5).raise_for_status()
            return process, f"{url}/v1"
        except httpx.HTTPError:
            time.sleep(0.2)
    process.kill()
    process.wait()
    pytest.fail("transformers serve did not start")


MODELS = [
    "fake",
    "transformers",
    "transformers with tools",
    "transformers with pictures",
    pytest.param("llamacpp", marks=pytest.mark.slow),
    pytest.param("openai at llama.cpp", marks=pytest.mark.slow),
    pytest.param("openai at transformers", marks=pytest.mark.slow),
    *(["openai at your server"] if OWN_SERVER else []),
]


@pytest.fixture(scope="module")
def packaged():
    """The packaged model, loaded once: it is used in the process, and through llama.cpp's own HTTP server."""
    # Two threads wait for each other at every token, which takes long where other tests use the cores.
    worker = LlamaCppModel.from_settings(Settings(threads=1), None)
    yield worker
    worker.unload()


@pytest.fixture(scope="module", params=MODELS)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    if request.param == "fake":
        yield FakeChat.from_settings(Settings(), None)
    elif "pictures" in request.param:
        models, chosen = Models(language_model="transformers-vision"), tiny_models.qwen2_5_vl(folder)
        settings = Settings(profile="gpu", models=models, weights=Weights(vision_language_model=str(chosen)))
        yield Workers(settings).get("language_model")
    elif request.param.startswith("transformers"):
        path = tiny_model(folder)
        if "tools" in request.param:
            template = path / "chat_template.jinja"
            template.write_text("{% if tools %}{{ tools | tojson }}{% endif %}" + template.read_text("utf-8"), "utf-8")
        yield Workers(Settings(profile="gpu", weights=Weights(language_model=str(path)))).get("language_model")
    elif request.param == "llamacpp":
        yield request.getfixturevalue("packaged")
    elif request.param == "openai at llama.cpp":
        packaged = request.getfixturevalue("packaged")
        packaged.chat([Message("user", "Say yes.")], max_output=1)  # loads it
        address, key = packaged._loaded.listening_address, packaged._key
        worker = OpenAICompatibleModel.from_settings(Settings(llm_url=f"{address}/v1", llm_key=key), None)
        yield worker
        worker.unload()
    elif request.param == "openai at your server":
        settings = Settings(llm_url=OWN_SERVER, llm_model=os.environ.get("LONGREEL_TEST_CHAT_MODEL", ""))
        worker = OpenAICompatibleModel.from_settings(settings, None)
        yield worker
        worker.unload()
    else:
        # Random weights seldom end a text, and this server goes on writing when nobody reads any more.
        patch = pytest.MonkeyPatch()
        patch.setattr(openai_talk, "THINKING", 40)
        patch.setattr(openai_talk, "MORE_THINKING", 40)
        process, url = transformers_server(tiny_model(folder))
        worker = OpenAICompatibleModel.from_settings(Settings(llm_url=url, llm_model="tiny"), None)
        yield worker
        worker.unload()
        process.terminate()
        process.wait()
        patch.undo()


@pytest.fixture
def is_random_and_free(model):
    """Whether the model writes at random and nothing binds it to a schema."""
    return not model.capabilities.schema


def test_it_plays_the_port_and_names_its_model(model):
    assert isinstance(model, Chat)
    assert model.model
    assert model.capabilities.context >= 512


def test_it_writes_text_counts_tokens_and_lets_a_listener_hear_what_is_visible(model):
    heard = []
    reply = model.chat([Message("user", "Say the word yes.")], max_output=8, on_text=heard.append)
    assert "".join(heard).strip() == reply.text.strip() != ""
    assert reply.prompt_tokens > 0
    assert 0 < reply.output_tokens <= 16
    assert reply.calls == ()


def test_it_stops_at_the_limit(model, is_random_and_free):
    reply = model.chat([Message("user", "Count: one two three four five six seven")], max_output=2)
    assert len(reply.text.split()) <= 3
    assert reply.finish == "length" or is_random_and_free  # transformers serve never says that it cut a reply


def test_with_a_schema_the_text_is_json_that_fits_and_a_listener_hears_none_of_it(model, is_random_and_free):
    asked, heard = [Message("user", "Which is red? E2.")], []
    if is_random_and_free:
        with pytest.raises(WorkerFailed, match="does not write JSON that fits"):
            model.chat(asked, max_output=60, schema=SCHEMA)
        return
    data = json.loads(model.chat(asked, max_output=60, schema=SCHEMA, on_text=heard.append).text)
    assert list(data) == ["id"] and data["id"] in ("E1", "E2")
    assert heard == []


def test_the_same_prompt_gives_the_same_text(model):
    prompt = [Message("user", "What is two plus two?")]
    assert model.chat(prompt, max_output=4).text == model.chat(prompt, max_output=4).text


def test_with_tools_there_are_calls_or_text(model):
    asked = [Message("user", "Search what is said about the bridge.")]
    reply = model.chat(asked, max_output=40, tools=[SEARCH])
    assert bool(reply.calls) == (reply.finish == "calls")
    for call in reply.calls:
        assert call.id and call.name == "search"
        assert json.loads(call.arguments)["query"] in ("bridge", "boat")


def test_a_conversation_with_calls_goes_on(model):
    asked = [
        Message("user", "What is said about the bridge?"),
        Message("assistant", "", (ToolCall("call_1", "search", '{"query": "bridge"}'),)),
        Message("tool", "At 12 s: the bridge opens on Monday.", call_id="call_1"),
    ]
    reply = model.chat(asked, max_output=40, tools=[SEARCH])
    assert all(call.id != "call_1" for call in reply.calls)
    assert model.chat([*asked, Message("user", "Say yes.")], max_output=4).calls == ()


def test_pictures_are_read_or_refused(model):
    frame = Frame(0.0, np.full((60, 80, 3), 90, np.uint8))
    asked = [
        Message("user", "What is seen?"),
        Message("assistant", "", (ToolCall("call_1", "search", '{"query": "boat"}'),)),
        Message("tool", ("At 0 s:", frame, "At 1 s:", frame), call_id="call_1"),
    ]
    if not model.capabilities.images:
        with pytest.raises(ToolRefused):
            model.chat(asked, max_output=8, tools=[SEARCH])
        return
    reply = model.chat(asked, max_output=60, tools=[SEARCH])
    blind = model.chat([*asked[:2], Message("tool", "At 0 s:", call_id="call_1")], max_output=60, tools=[SEARCH])
    assert reply.prompt_tokens > blind.prompt_tokens + 8


def test_it_weighs_labels_or_says_that_it_cannot(model):
    asked = [Message("user", "Is the sun hot? Answer yes or no.")]
    if not model.capabilities.weighs:
        with pytest.raises(ToolRefused):
            model.weigh(asked, ["yes", "no"])
        return
    shares, size = model.weigh(asked, ["yes", "no"])
    assert set(shares) == {"yes", "no"} and sum(shares.values()) == pytest.approx(1.0)
    assert size.prompt_tokens > 0


def test_a_prompt_that_is_too_long_is_refused(model):
    if model.capabilities.context > 8192 or isinstance(model, FakeChat):
        pytest.skip("this model does not say how much it reads")
    with pytest.raises(ToolRefused):
        model.chat([Message("user", "word " * 9000)], max_output=4)


def test_a_model_that_is_told_to_stop_before_the_start_raises_cancelled(model):
    with pytest.raises(Cancelled):
        model.chat([Message("user", "Say yes.")], max_output=8, stop=lambda: True)


def test_weighing_stops_when_nobody_wants_the_answer(model):
    if not model.capabilities.weighs:
        pytest.skip("this model gives no probabilities")
    with pytest.raises(Cancelled):
        model.weigh([Message("user", "Is the sun hot? Answer yes or no.")], ["yes", "no"], lambda: True)


def test_a_model_that_is_told_to_stop_on_the_way_stops_soon(model):
    if isinstance(model, FakeChat):
        pytest.skip("the fake answers at once")
    model.chat([Message("user", "Say yes.")], max_output=1)  # loads it
    began = []

    def stop() -> bool:
        began.append(time.monotonic())
        return began[-1] - began[0] > 0.2

    with pytest.raises(Cancelled):
        model.chat([Message("user", "Count to one thousand in words.")], max_output=400, stop=stop)
    assert time.monotonic() - began[0] < 4  # a second on a quiet machine; 400 tokens take the packaged model a minute
    assert model.chat([Message("user", "Say yes.")], max_output=8, stop=lambda: False).text.strip()
