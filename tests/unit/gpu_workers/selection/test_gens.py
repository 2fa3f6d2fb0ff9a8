"""GenS reads what a model wrote, whole or cut off, and joins windows."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import MissingPart
from app.core.settings import Settings
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.registry import Workers
from gpu_workers.selection.gens import GenSSelector, relevance_of
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, shown

VIDEO = shown([axis(0)] * 100)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ('{"1": 5, "3": 2}', {1: 5, 3: 2}),
        ('{"2-4": 4}', {2: 4, 3: 4, 4: 4}),
        ('{"4-2": 4}', {2: 4, 3: 4, 4: 4}),
        ('{"0": 3, "2-3": 4, "2": 5}', {0: 3, 2: 5, 3: 4}),
        ('{"1": 5, "3-5": 4, "7-', {1: 5, 3: 4, 4: 4, 5: 4}),
        ('{"1": 5, "3":', {1: 5}),
        ('```json\n{"1.0s - 2.0s": "3", 5: 1}\n```', {1: 3, 2: 3, 5: 1}),
        ('{"7-99999999999": 2, "12": 5}', {7: 2, 8: 2, 9: 2}),
        ('{"1": 0, "2": 9, "3": 45}', {}),
        ("none of them", {}),
        ("", {}),
    ],
)
def test_scores_are_read_from_all_that_models_write(text, scores):
    assert relevance_of(text, 10) == scores


@given(st.text())
def test_any_text_gives_scores_in_bounds(text):
    assert all(0 <= number < 4 and 1 <= score <= 5 for number, score in relevance_of(text, 4).items())


@given(st.dictionaries(st.integers(0, 30), st.integers(1, 5), min_size=1, max_size=9), st.data())
def test_cutting_an_answer_loses_only_what_was_cut(scores, data):
    text = "{" + ", ".join(f'"{number}": {score}' for number, score in scores.items()) + "}"
    kept = text[: data.draw(st.integers(0, len(text)))]
    assert relevance_of(kept, 31) == dict(list(scores.items())[: kept.count(": ") - (kept.endswith(": "))])


def bright(frames, question):
    """Finds pictures by their grey, naming them by the times that it is shown."""
    found = {int(frame.pts_s): 5 if frame.image.mean() > 90 else 3 for frame in frames if 40 <= frame.image.mean() < 43}
    found |= {int(frame.pts_s): 5 for frame in frames if frame.image.mean() == 95}
    return str(found).replace("'", '"')


def test_windows_are_shown_on_a_clock_of_their_own_and_scores_ranked_together():
    model, fetch = FakeVisionLanguageModel(bright), Fetch()
    selector = GenSSelector(model, window=30)
    assert selector.select("Where?", VIDEO, 4, fetch=fetch) == [40, 41, 42, 95]
    assert selector.select("Where?", VIDEO, 2, fetch=fetch) == [40, 95]
    assert len(model.questions) == 8
    assert fetch.times_s[:100] == [float(second) for second in range(100)]
    assert re.search(r"Question: Where\?", model.questions[0])


def test_pictures_are_made_small_for_the_model():
    shapes = set()
    model = FakeVisionLanguageModel(lambda frames, _: shapes.update(f.image.shape for f in frames) or "{}")
    GenSSelector(model).select("?", VIDEO, 4, fetch=Fetch((490, 980)))
    assert shapes == {(245, 490, 3)}


def test_even_frames_stand_in_where_nothing_was_found():
    model = FakeVisionLanguageModel(lambda frames, _: "I cannot tell.")
    assert GenSSelector(model).select("?", VIDEO, 4, fetch=Fetch()) == [12, 37, 62, 87]


def test_long_videos_are_thinned_so_that_the_cost_is_bounded():
    model = FakeVisionLanguageModel(lambda frames, _: '{"0": 5}')
    chosen = GenSSelector(model, window=5, most_windows=4).select("?", VIDEO, 9, fetch=Fetch())
    assert len(model.questions) == 4
    assert np.diff(chosen).tolist() == [25, 25, 25]


def test_it_needs_a_model_that_sees():
    chosen = Settings(models={"query_frame_selector": "gens", "vision_language_model": "none"})
    with pytest.raises(MissingPart, match="gens needs") as missing:
        Workers(chosen).get("query_frame_selector")
    assert "QUERY_FRAME_SELECTOR=hybrid" in missing.value.hint
