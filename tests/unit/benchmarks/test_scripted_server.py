"""The scripted model behind a server is driven by the real client, with native tools and without."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.core.settings import Settings
from app.core.types import Message, ToolSpec
from benchmarks.scripted import ScriptedChat
from benchmarks.scripted_server import CONTEXT, MODEL, ScriptedServer, seconds_in
from gpu_workers.language.openai import OpenAICompatibleModel
from tests.unit.benchmarks.test_scripted import OPEN, VERDICT, shown

LOOK = ToolSpec("look", "Shows pictures.", {"type": "object", "properties": {}})


@pytest.fixture(params=[True, False], ids=["native tools", "calls as text"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer(tools=request.param) as one:
        one.chat = ScriptedChat(OPEN, "Two.")
        yield one


@pytest.fixture
def model(server: ScriptedServer) -> Iterator[OpenAICompatibleModel]:
    one = OpenAICompatibleModel.from_settings(Settings(profile="remote", llm_url=server.url, llm_model=MODEL), None)
    yield one
    one.unload()


def test_the_client_finds_out_what_the_server_can_do(server: ScriptedServer, model: OpenAICompatibleModel) -> None:
    found = model.capabilities
    assert (found.images, found.context, found.weighs) == (True, CONTEXT, False)
    assert found.tools is found.schema is server.tools


def test_it_looks_and_answers_with_the_frames_whose_times_it_read(model: OpenAICompatibleModel) -> None:
    asked = [Message("user", "How many? V1")]
    (look,) = model.chat(asked, max_output=100, tools=[LOOK]).calls
    assert look.name == "look" and json.loads(look.arguments)["spans"] == [{"start_s": 10, "end_s": 14}]
    observed = Message("tool", shown(2.0, 11.0).parts, call_id=look.id)
    (answer,) = model.chat([*asked, Message("assistant", "", (look,)), observed], max_output=100, tools=[LOOK]).calls
    assert json.loads(answer.arguments)["statements"] == [{"text": "Two.", "evidence": ["E2"]}]


def test_it_judges_by_schema(model: OpenAICompatibleModel) -> None:
    request = Message("user", ("Answer under test: Three.\nEvidence:", *shown(11.0).parts))
    assert json.loads(model.chat([request], max_output=100, schema=VERDICT).text)["verdict"] == "no"


def test_times_are_read_from_text() -> None:
    assert [seconds_in(text) for text in ("[E7] V1 at 0:15.2: picture", "at 1:02:03", "no time")] == [15.2, 3723.0, 0.0]
