"""What to look for is read from two lines, however a model decorates them."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.selection.grounding import Sought, sought
from gpu_workers.selection.scoring import LookingScorer
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, shown


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


@pytest.mark.parametrize(
    ("text", "sure"), [("85", 0.85), ("I am 40% sure.", 0.4), ("250", 1.0), ("No.", 0.0), ("", 0.0)]
)
def test_how_sure_a_model_is_is_read_from_its_first_number(text, sure):
    scorer = LookingScorer(FakeVisionLanguageModel(lambda frames, question: text))
    found = scorer.glance(["cup"], shown([axis(0)] * 2), Fetch())
    assert np.allclose(found, sure) and found.shape == (2, 1)
