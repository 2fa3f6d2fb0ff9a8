"""What the fakes add to their contracts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.core.errors import ToolRefused
from app.core.types import Capabilities, Completion, Frame, Message, ToolCall, ToolSpec
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder, FakeVisionLanguageModel, smallest

FRAME = Frame(2.5, np.full((2, 2, 3), (255, 0, 10), np.uint8))


def test_shared_words_bring_texts_nearer():
    question = FakeTextEmbedder().embed_query("the red boat")
    near, far = FakeTextEmbedder().embed(["A red boat sails", "mountains of snow"])
    assert question @ near > 0.5 > question @ far


def test_replies_come_in_order_and_then_the_rule():
    call = Completion("", calls=(ToolCall("call_1", "search", "{}"),), finish="calls")
    model = FakeChat(["one", call, lambda request: request.text + "!"], rule=lambda request: request.text.upper())
    replies = [model.chat([Message("user", "x")], max_output=9) for _ in range(4)]
    assert [reply.text for reply in replies] == ["one", "", "x!", "X"]
    assert replies[1] is call


def test_requests_are_remembered_whole():
    tool = ToolSpec("search", "Searches.", {"type": "object"})
    model = FakeChat(capabilities=Capabilities(images=True))
    model.chat([Message("system", "Be brief."), Message("user", ("What?", FRAME))], max_output=9, tools=[tool])
    (request,) = model.requests
    assert (request.text, request.frames, request.tools, request.max_output) == (
        "Be brief.\nWhat?",
        (FRAME,),
        (tool,),
        9,
    )


def test_pictures_are_refused_by_a_model_without():
    with pytest.raises(ToolRefused):
        FakeChat().chat([Message("user", (FRAME,))], max_output=9)


def test_a_listener_hears_the_words_but_no_json():
    heard: list[str] = []
    FakeChat(["one two"]).chat([], max_output=9, on_text=heard.append)
    FakeChat(["{}"]).chat([], max_output=9, schema={"type": "object"}, on_text=heard.append)
    assert heard == ["one ", "two"]


def test_labels_are_weighed_by_a_function():
    model = FakeChat(weights=lambda messages, labels: {"yes": 3.0, "no": 1.0})
    assert model.capabilities.weighs
    assert model.weigh([Message("user", "x")], ["yes", "no"])[0] == {"yes": 0.75, "no": 0.25}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "null"}}, "required": ["a"]},
            {"a": ""},
        ),
        ({"type": "array", "items": {"enum": ["E1", "E2"]}, "minItems": 2}, ["E1", "E1"]),
        ({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}, 3),
        ({"type": ["boolean", "null"]}, False),
        ({"const": 5}, 5),
    ],
)
def test_the_smallest_value_of_a_schema(schema, value):
    assert smallest(schema) == value
    assert json.loads(FakeChat().chat([], max_output=99, schema=schema).text) == value


def test_frames_are_described_by_time_and_colour():
    assert FakeVisionLanguageModel().look([FRAME], "What?").text == "At 2.5 s the mean colour is 255, 0, 10."
