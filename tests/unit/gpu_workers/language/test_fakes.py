"""What the fakes add to their contracts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.core.types import Frame, Message
from gpu_workers.language.fakes import FakeLanguageModel, FakeTextEmbedder, FakeVisionLanguageModel, smallest


def test_shared_words_bring_texts_nearer():
    question, near, far = FakeTextEmbedder().embed(["the red boat", "A red boat sails", "mountains of snow"])
    assert question @ near > 0.5 > question @ far


def test_replies_come_in_order_and_then_the_rule():
    model = FakeLanguageModel(["one", "two"], rule=lambda messages, schema: messages[0].content.upper())
    said = [model.complete([Message("user", "x")], max_tokens=9).text for _ in range(3)]
    assert said == ["one", "two", "X"]
    assert model.prompts[0][0].content == "x"


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
    assert json.loads(FakeLanguageModel().complete([], max_tokens=99, schema=schema).text) == value


def test_frames_are_described_by_time_and_colour():
    frame = Frame(2.5, np.full((2, 2, 3), (255, 0, 10), np.uint8))
    assert FakeVisionLanguageModel().look([frame], "What?").text == "At 2.5 s the mean colour is 255, 0, 10."
