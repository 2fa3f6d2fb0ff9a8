"""Fewer picture tokens through the models' own entries, on tiny models of each architecture."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.settings import Settings, VisionSettings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_vision
from gpu_workers.vision.picture_tokens import shown
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes


def made(folder, **looking):
    chosen = Settings(
        profile="cpu", weights=Weights(vision_language_model=str(folder)), vision=VisionSettings(**looking)
    )
    return Workers(chosen).get("vision_language_model")


@pytest.fixture(scope="module", params=sorted(tiny_eyes.EYES))
def folder(request, tmp_path_factory):
    return tiny_eyes.EYES[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def eyes(folder):
    model = made(folder)
    model.warm_up()
    return model


def frame(time_s, size=(56, 84)) -> Frame:
    seed = int(time_s * 100)
    return Frame(time_s, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


LOOKS = [
    VisionPrompt((frame(1.0), frame(2.0), frame(9.0)), "What is there?"),
    VisionPrompt((), "Hello, and good evening to you all"),
    VisionPrompt((frame(3.0, (64, 20)),), "Who?"),
]


def inputs_of(eyes, looks=LOOKS):
    return transformers_vision._encoded(eyes._loaded, looks)


def logits(model, inputs):
    import torch

    with torch.inference_mode():
        return model(**inputs).logits


def written(model, inputs, count=6):
    import torch

    with torch.inference_mode():
        given = model.generate(**inputs, max_new_tokens=count, output_logits=True, return_dict_in_generate=True)
    return given.sequences[:, inputs["input_ids"].shape[1] :], torch.stack(given.logits)


def test_a_share_of_one_gives_exactly_the_untouched_output(eyes):
    import torch

    model, inputs = eyes._loaded.model, inputs_of(eyes)
    words, scores = written(model, inputs)
    with shown(model, inputs, 1.0) as fed, torch.inference_mode():
        assert torch.equal(
            fed["input_ids"][fed["attention_mask"] == 1], inputs["input_ids"][inputs["attention_mask"] == 1]
        )
        same_words, same_scores = written(model, fed)
    assert torch.equal(words, same_words) and torch.equal(scores, same_scores)
    # Afterwards the model's own entries answer again.
    assert torch.equal(written(model, inputs)[1], scores)


def test_a_quarter_of_the_tokens_is_read_at_a_share_of_a_quarter(eyes):
    import torch

    model, inputs = eyes._loaded.model, inputs_of(eyes)
    token = model.config.video_token_id if eyes._loaded.format.as_videos else model.config.image_token_id
    before = (inputs["input_ids"] == token).sum(1)
    with shown(model, inputs, 0.25) as fed, torch.inference_mode():
        after = (fed["input_ids"] == token).sum(1)
        _, scores = written(model, fed)
    assert before[1] == after[1] == 0
    assert (after[before > 0] >= 1).all() and (after.sum() <= 0.25 * before.sum() + 4)
    # All words of the prompts are still there.
    for row in range(3):
        kept = fed["input_ids"][row][fed["attention_mask"][row] == 1]
        whole = inputs["input_ids"][row][inputs["attention_mask"][row] == 1]
        assert kept[kept != token].tolist() == whole[whole != token].tolist()
    assert torch.isfinite(scores).all()


def test_prompts_together_give_what_each_gives_alone(folder):
    model = made(folder, tokens=0.4)
    together = model.answer(LOOKS, 6)
    assert together == [model.answer([look], 6)[0] for look in LOOKS]
    assert together == model.answer(LOOKS, 6)
    assert together[0].prompt_tokens < made(folder).answer(LOOKS[:1], 6)[0].prompt_tokens


def test_the_share_is_part_of_the_models_name(folder):
    assert made(folder, tokens=0.25).model == f"{made(folder).model}/0.25-tokens"


@pytest.fixture(params=["qwen2_5_vl", "qwen3_vl"])
def qwen(request, tmp_path):
    model = made(tiny_eyes.EYES[request.param](tmp_path))
    model.warm_up()
    return model


def test_tokens_keep_the_positions_they_had_in_time_and_space(qwen):
    model, inputs = qwen._loaded.model, inputs_of(qwen)
    positions, deltas = model.model.get_rope_index(
        inputs["input_ids"], inputs["image_grid_thw"], attention_mask=inputs["attention_mask"]
    )
    with shown(model, inputs, 0.25) as fed:
        kept, kept_deltas = model.model.get_rope_index()
        shorter = inputs["input_ids"].shape[1] - fed["input_ids"].shape[1]
    assert shorter > 0
    for row in range(3):
        full = positions[:, row, inputs["attention_mask"][row] == 1].T.tolist()
        some = kept[:, row, fed["attention_mask"][row] == 1].T.tolist()
        rest = iter(full)
        assert all(position in rest for position in some)
        assert some[-1] == full[-1]
    # The first written token stands after the last read one, as it would have.
    assert (kept_deltas - deltas == shorter).all()


def test_words_written_one_by_one_stand_where_they_would_if_read_at_once(qwen):
    import torch

    model = qwen._loaded.model
    inputs = inputs_of(qwen, LOOKS[:1])
    with shown(model, inputs, 0.5) as fed, torch.inference_mode():
        words, scores = written(model, fed, 4)
        positions, deltas = model.model.get_rope_index()
        longer = dict(fed)
        count = words.shape[1] - 1
        longer["input_ids"] = torch.cat([fed["input_ids"], words[:, :count]], dim=1)
        longer["attention_mask"] = torch.ones_like(longer["input_ids"])
        after = (positions.shape[-1] + deltas[0] + torch.arange(count)).expand(3, 1, -1)
        model.model.get_rope_index = lambda *_, **__: (torch.cat([positions, after], dim=-1), deltas)
        read = logits(model, longer)[0, -count - 1 :]
    assert torch.allclose(read, scores[:, 0], atol=1e-3)
