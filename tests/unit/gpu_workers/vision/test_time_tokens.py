"""Qwen's own tokens for time get the true times of frames, however unevenly they lie."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import BadSettings
from app.core.settings import Settings, VisionSettings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_vision
from gpu_workers.vision.picture_tokens import shown
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes

UNEVEN = (0.04, 3.537, 3.6, 71.25)


def made(kind, tmp_path, **looking):
    weights = Weights(vision_language_model=str(tiny_eyes.EYES[kind](tmp_path)))
    chosen = Settings(profile="cpu", weights=weights, vision=VisionSettings(time_tokens=True, **looking))
    return Workers(chosen).get("vision_language_model")


@pytest.fixture(autouse=True)
def few_tokens(monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 6)


@pytest.fixture(params=["qwen2_5_vl", "qwen3_vl"])
def eyes(request, tmp_path):
    return made(request.param, tmp_path)


def frame(time_s, size=(56, 84)) -> Frame:
    seed = int(time_s * 100)
    return Frame(time_s, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def encoded(eyes, times):
    eyes.warm_up()
    return transformers_vision._encoded(eyes._loaded, [VisionPrompt(tuple(frame(t) for t in times), "What is red?")])


def test_each_step_of_qwen3_stands_after_its_true_time(tmp_path):
    eyes = made("qwen3_vl", tmp_path)
    inputs = encoded(eyes, UNEVEN)
    text = eyes._loaded.processor.tokenizer.decode(inputs["input_ids"][0])
    assert re.findall(r"<([\d.]+) seconds><\|vision_start\|><\|video_pad\|>", text) == ["0.0", "3.5", "3.6", "71.2"]
    assert inputs["video_grid_thw"][0, 0] == len(UNEVEN)


def test_the_positions_of_qwen2_5_count_the_true_seconds(tmp_path):
    eyes = made("qwen2_5_vl", tmp_path)
    inputs = encoded(eyes, UNEVEN)
    model = eyes._loaded.model
    a_second = model.config.vision_config.tokens_per_second
    with shown(model, inputs, 1.0, [UNEVEN]) as fed:
        positions, deltas = model.model.get_rope_index()
    places = (fed["input_ids"][0] == model.config.video_token_id).nonzero().flatten()
    in_time = positions[0, 0, places]
    steps = [round((t - UNEVEN[0]) * a_second) for t in UNEVEN]
    each = len(places) // len(UNEVEN)
    assert (in_time - in_time[0]).tolist() == [step for step in steps for _ in range(each)]
    # The words after the video go on behind the last second, in order.
    after = positions[:, 0, places[-1] + 1 :]
    assert (after[0] == after[1]).all() and (after[0] == after[2]).all()
    assert after[0, 0] == positions[:, 0, places].max() + 1 and (after[0].diff() == 1).all()
    assert deltas.item() == after[0, -1] + 1 - fed["input_ids"].shape[1]


def test_times_are_told_in_words_too(eyes):
    inputs = encoded(eyes, UNEVEN)
    text = eyes._loaded.processor.tokenizer.decode(inputs["input_ids"][0])
    assert "t=0.0s, t=3.5s, t=3.6s, t=71.2s" in text and text.index("What is red?") > text.index("71.2s")


def test_other_times_of_the_same_frames_change_what_is_read(eyes):
    images = [frame(float(i)).image for i in range(4)]
    said = set()
    for spread in (1.0, 30.0):
        frames = [Frame(100 + i * spread, image) for i, image in enumerate(images)]
        eyes.warm_up()
        inputs = transformers_vision._encoded(eyes._loaded, [VisionPrompt(tuple(frames), "What?")])
        model = eyes._loaded.model
        with shown(model, inputs, 1.0, [[f.pts_s for f in frames]]) as fed:
            said.add(str(fed["input_ids"].tolist()) + str(model.model.get_rope_index()[0].tolist()))
    assert len(said) == 2


def test_prompts_together_give_what_each_gives_alone(eyes):
    looks = [
        VisionPrompt(tuple(frame(t) for t in UNEVEN), "What?"),
        VisionPrompt((), "Hello"),
        VisionPrompt((frame(5.0, (30, 30)), frame(6.0, (60, 60))), "Who is it?"),
    ]
    together = eyes.answer(looks, 5)
    assert together == [eyes.answer([look], 5)[0] for look in looks]


@pytest.mark.parametrize("by", ["density", "attention"])
def test_fewer_tokens_and_true_times_go_together(eyes, tmp_path, by):
    whole = eyes.look([frame(t) for t in UNEVEN], "What?")
    chosen = Settings(
        profile="cpu",
        weights=Weights(vision_language_model=str(tmp_path)),
        vision=VisionSettings(time_tokens=True, tokens=0.25, tokens_by=by),
    )
    fewer = Workers(chosen).get("vision_language_model").look([frame(t) for t in UNEVEN], "What?")
    assert fewer.prompt_tokens < whole.prompt_tokens


def test_frames_beyond_what_the_model_reads_are_left_out_evenly(eyes, monkeypatch):
    few = eyes.look([frame(t) for t in UNEVEN], "What is red?").prompt_tokens
    monkeypatch.setattr(eyes, "_loaded", replace(eyes._loaded, longest=few + 26))
    assert eyes.look([frame(float(t)) for t in range(20)], "What is red?").prompt_tokens <= few + 20


def test_a_model_without_tokens_for_time_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="no tokens for time"):
        made("smolvlm", tmp_path).look([frame(1.0)], "What?")
