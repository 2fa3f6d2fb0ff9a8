"""Frames of a look share a budget of tokens: relevant ones stay large, and the model's own processor counts it so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from app.core.errors import BadSettings
from app.core.settings import Models, Settings, VisionSettings, Weights
from app.core.types import Completion, Frame
from gpu_workers.registry import Workers
from gpu_workers.selection.token_budget import SizedLooking, TokenGrid, looking, resized, shared
from gpu_workers.vision import transformers_vision
from tests import tiny_eyes


def by_brightness(frames, question, token):
    """Plays the probabilities of a model that finds bright frames relevant."""
    assert "A. yes" in question and token == "A"
    return np.array([frame.image.mean() / 255 for frame in frames])


def grey(time_s, level, size=(112, 168)) -> Frame:
    return Frame(time_s, np.full((*size, 3), level, np.uint8))


def tokens(frame, grid):
    return math.prod(max(1, round(side / grid.side)) for side in frame.image.shape[:2])


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 400)), min_size=1, max_size=40),
    st.integers(-50, 5000),
)
def test_a_budget_is_kept_and_nobody_gets_more_than_there_is_room_for(of_each, total):
    weights, room = (np.array(column) for column in zip(*of_each, strict=True))
    given_out = shared(weights, total, room)
    assert (given_out >= 0).all() and (given_out <= room).all()
    assert given_out.sum() <= max(total, 0)
    assert given_out.sum() >= min(max(total, 0), room.sum()) - len(room)


def test_what_one_cannot_take_goes_to_the_others():
    assert shared(np.array([9.0, 1.0, 1.0]), 110, np.array([50, 100, 100])).tolist() == [50, 30, 30]
    assert shared(np.array([1.0, 0.0]), 100, np.array([60, 100])).tolist() == [60, 40]
    assert shared(np.zeros(4), 100, np.full(4, 100)).tolist() == [25] * 4


SIDES = st.integers(8, 900)


@hypothesis(deadline=None)
@given(st.tuples(SIDES, SIDES), st.integers(1, 2000), st.sampled_from([(28, 3136), (32, 65536)]))
def test_a_picture_keeps_its_tokens_when_the_model_cuts_it(size, wanted, model):
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    grid, frame = TokenGrid(*model), grey(1.5, 9, size)
    small = resized(frame, wanted, grid)
    assert small.pts_s == 1.5
    if max(size) < 190 * min(size):
        height, width = smart_resize(*small.image.shape[:2], factor=grid.side, min_pixels=grid.least, max_pixels=10**7)
        assert height * width / grid.side**2 <= max(wanted, math.prod(grid.fewest(frame)))


def test_a_picture_keeps_about_its_shape():
    small = resized(grey(1.0, 0, (720, 1280)), 196, TokenGrid(28)).image
    assert small.shape[1] / small.shape[0] == pytest.approx(16 / 9, rel=0.05)
    assert 170 <= small.shape[0] * small.shape[1] / 28**2 <= 196


def test_enough_tokens_for_all_change_no_frame():
    frames = [grey(1.0, 10), grey(2.0, 200)]
    grid = TokenGrid(28)

    class Any:
        model = "any"
        first_token_probability = staticmethod(by_brightness)

        def look(self, frames, question):
            return Completion("no")

        def token_grid(self):
            return grid

    assert SizedLooking(Any(), 2 * 24).sized(frames, "bright") == frames


def product(tmp_path, kind, **settings):
    weights = Weights(vision_language_model=str(tiny_eyes.EYES[kind](tmp_path)))
    settings = {"vision": VisionSettings(quota=60), **settings}
    chosen = Settings(profile="cpu", weights=weights, **settings)
    return chosen, Workers(chosen)


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "qwen3_vl"])
def test_a_model_reads_the_budget_and_most_of_the_relevant_frame(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 2)
    chosen, workers = product(tmp_path, kind)
    model = workers.get("vision_language_model")
    model.warm_up()
    read = []
    processor = type(model._loaded.processor)
    called = processor.__call__

    def spy(self, **given):
        made = called(self, **given)
        read.append([int(grid.prod()) // 4 for grid in made.get("image_grid_thw", [])])
        return made

    monkeypatch.setattr(processor, "__call__", spy)
    frames = [grey(float(t), 230 if t == 3 else 25 + t) for t in range(8)]
    plain = model.look(frames, "What is bright?")
    eyes = SizedLooking(model, chosen.vision.quota)
    monkeypatch.setattr(model, "first_token_probability", by_brightness)
    fewer = eyes.look(frames, "What is bright?")
    read = [grids for grids in read if grids]
    assert max(map(max, read[:1])) * 8 == sum(read[0]) > 60
    assert sum(read[1]) <= 60
    assert read[1][3] == read[0][3] > max(n for place, n in enumerate(read[1]) if place != 3)
    assert plain.prompt_tokens - fewer.prompt_tokens == sum(read[0]) - sum(read[1])
    assert eyes.look([], "Hello").text is not None
    assert eyes.model == f"{model.model}/quota-60"


def test_the_setting_makes_agents_look_so(tmp_path):
    chosen, workers = product(tmp_path, "qwen3_vl")
    assert isinstance(looking(chosen, workers), SizedLooking)
    plain = chosen.model_copy(update={"vision": VisionSettings()})
    assert looking(plain, workers) is workers.get("vision_language_model")


def test_a_model_to_which_all_pictures_are_alike_is_refused(tmp_path):
    eyes = looking(*product(tmp_path, "smolvlm"))
    with pytest.raises(BadSettings, match="cannot be sized"):
        eyes.look([grey(1.0, 3)], "What?")
    unknown = Settings(vision=VisionSettings(quota=60), models=Models(vision_language_model="fake"))
    with pytest.raises(BadSettings, match="cannot be sized"):
        looking(unknown, Workers(unknown))


@pytest.mark.parametrize(
    "other", [{"vlm_presentation": "grid"}, {"vision": VisionSettings(quota=60, time_tokens=True)}]
)
def test_sizes_and_frames_that_go_together_exclude_each_other(tmp_path, other):
    with pytest.raises(BadSettings, match="Frames of different sizes"):
        looking(*product(tmp_path, "qwen3_vl", **other))
