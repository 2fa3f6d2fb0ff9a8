"""What to look for is read from two lines, however a model decorates them."""

from __future__ import annotations

import pytest

from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.selection.grounding import Sought, sought


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cup, dog\ntable", Sought(("cup", "dog"), ("table",))),
        ("Targets: Red Cup, dog.\n\nCues: table, cup holder", Sought(("red cup", "dog"), ("table", "cup holder"))),
        ("1. Key objects: cup\n2. Cue objects: cup, desk", Sought(("cup",), ("desk",))),
        ("- targets: **cup**\n- cues: none\nThat is all.", Sought(("cup",))),
        ("targets: none\ncues: table", Sought(("Where is it?",), ("table",))),
        ("", Sought(("Where is it?",))),
    ],
)
def test_names_are_read(text, expected):
    model = FakeVisionLanguageModel(lambda frames, question: text)
    assert sought(model, (), "Where is it?") == expected
    assert "Where is it?" in model.questions[0]
