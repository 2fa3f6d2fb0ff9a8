"""GenS reads what a model wrote, whole or cut off, and joins windows."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import MissingPart, ToolRefused
from app.core.settings import Settings
from app.core.types import Completion, Frame
from gpu_workers.language.fakes import FakeChat, FakeVisionLanguageModel
from gpu_workers.registry import Workers
from gpu_workers.selection.gens import GenSSelector, is_trained
from gpu_workers.selection.gens_scores import relevance_of
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
        ('[{"frame": 3, "score": 4}, {"frame": 7, "score": 5}]', {3: 4, 7: 5}),
        ('{"frames": [{"timestamp": "2-4", "relevance": 3}, {"timestamp": "8", "relev', {2: 3, 3: 3, 4: 3}),
        ('[{"start": 1, "end": 3, "relevance_score": 2}, {"score": 5, "frame_index": "6"}]', {1: 2, 2: 2, 3: 2, 6: 5}),
        ('[{"frames": [1, 5, 8], "score": 3}, {"segment": [2, 4], "score": 5}]', {1: 3, 2: 5, 3: 5, 4: 5, 5: 3, 8: 3}),
        ('{"5.0 - 6.0": 4.0, "7 to 8": 2}', {5: 4, 6: 4, 7: 2, 8: 2}),
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


class Trained(FakeChat):
    """The published weights: keeps what it reads, and answers by the grey of the pictures."""

    model = "yaolily/GenS-qwen2d5-vl-3b@http://127.0.0.1:8000"

    def __init__(self, most=256):
        super().__init__()
        self.read, self.most, self.tokens = [], most, 0

    def look(self, frames, question):
        raise AssertionError("our own prompt would be new to these weights")

    def chat(self, messages, *, max_output, **how):
        (message,) = messages
        frames = [part for part in message.parts if isinstance(part, Frame)]
        if len(frames) > self.most:
            raise ToolRefused("too long")
        self.read.append(message.parts)
        self.tokens = max_output
        found = [number for number, frame in enumerate(frames) if frame.image.mean() == 95]
        return Completion("{" + ", ".join(f'"{number}": 5' for number in found) + "}")


def test_the_published_weights_read_the_published_prompt_and_nothing_else():
    model = Trained()
    assert GenSSelector(model).select("Who opens the door?", VIDEO, 4, fetch=Fetch((90, 160))) == [95]
    (parts,) = model.read
    text = "".join("<image>" if isinstance(part, Frame) else part for part in parts)
    assert text == "".join(f"[{number}]<image>\n" for number in range(100)) + (
        "Question: Who opens the door?\n"
        "Please identify the video frames most relevant to the given question and provide \n"
        "              their timestamps in seconds along with a relevance score. The score should be on a \n"
        "              scale from 1 to 5, where higher scores indicate greater relevance. Return the output \n"
        '              strictly in the following JSON format: {"timestamp": score, ...}.'
    )
    sizes = {part.image.shape[0] * part.image.shape[1] for part in parts if isinstance(part, Frame)}
    assert len(sizes) == 1 and abs(sizes.pop() / 112**2 - 1) < 0.02
    assert model.tokens == 256 and is_trained("GenS-qwen2d5-vl-3b@1a2b3c4d/4bit") and not is_trained("yaolily/GenS")


@pytest.mark.parametrize(("model", "window"), [(Trained(), 256), (FakeVisionLanguageModel(lambda *_: "{}"), 128)])
def test_windows_cover_four_hours_at_a_picture_a_second(model, window):
    fetch = Fetch((1, 2))
    GenSSelector(model, most_windows=200).select("?", shown([axis(0)] * 14_400), 64, fetch=fetch)
    assert fetch.times_s == [float(second) for second in range(14_400)]
    asked = model.read if isinstance(model, Trained) else model.questions
    assert len(asked) == -(-14_400 // window)


def test_windows_that_a_model_refuses_are_halved():
    model = Trained(most=30)
    assert GenSSelector(model).select("?", VIDEO, 4, fetch=Fetch()) == [95]
    assert [len(parts) // 2 for parts in model.read] == [25] * 4
    with pytest.raises(ToolRefused):
        GenSSelector(Trained(most=2)).select("?", VIDEO, 4, fetch=Fetch())


def test_it_needs_a_model_that_sees():
    chosen = Settings(models={"query_frame_selector": "gens", "vision_language_model": "none"})
    with pytest.raises(MissingPart, match="gens needs") as missing:
        Workers(chosen).get("query_frame_selector")
    assert "QUERY_FRAME_SELECTOR=hybrid" in missing.value.hint
