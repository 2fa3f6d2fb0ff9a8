"""LongVU's second and third step against a port of the published code."""

from __future__ import annotations

import math

import pytest

from app.core.errors import BadSettings
from gpu_workers.vision.picture_tokens import shown
from gpu_workers.vision.token_pooling import reduced
from tests import tiny_eyes
from tests.unit.gpu_workers.vision.test_picture_tokens import LOOKS, inputs_of, made
from tests.unit.gpu_workers.vision.test_token_pruning import noise, shots

SIZE = 16


def published(frames, words, budget):
    """The published code for frames of 12 x 12 tokens and a budget of visual tokens, up to the words."""
    import torch
    from torch.nn import functional

    count, side = len(frames), int(frames[0].shape[0] ** 0.5)
    features = torch.stack(list(frames)).permute(0, 2, 1).reshape(count, -1, side, side)
    low = functional.interpolate(features, size=(8, 8), mode="bilinear", align_corners=False)
    low = low.permute(0, 2, 3, 1).flatten(1, 2)
    if budget >= low.shape[0] * low.shape[1]:
        number = math.floor((budget - low.shape[0] * low.shape[1]) / (side * side - 64))
        similarity = torch.matmul(low.flatten(0, 1), words.T).mean(dim=-1).reshape(count, -1).mean(dim=-1)
        best = torch.topk(similarity, min(number, count)).indices.tolist()
        return torch.cat([frames[at] if at in best else low[at] for at in range(count)])
    chunks = []
    for start in range(0, count, 8):
        chunk = low[start : start + 8]
        tokens = list(chunk[0])
        for frame in chunk[1:]:
            for first, token in zip(chunk[0], frame, strict=True):
                if functional.cosine_similarity(first, token, dim=0) < 0.7:
                    tokens.append(token)
        chunks.append(torch.stack(tokens))
    length = sum(map(len, chunks))
    if length > budget:
        surplus = math.ceil((length - budget) / len(chunks))
        chunks = [chunk[:-surplus] for chunk in chunks]
    return torch.cat(chunks)[:budget]


@pytest.mark.parametrize("keep", [1.0, 0.8, 0.5, 0.45, 0.4, 0.2, 0.05])
@pytest.mark.parametrize("alike", [True, False])
def test_tokens_are_reduced_as_published(keep, alike):
    import torch

    frames = shots([7, 6, 5], tokens=144) if alike else [noise(144, SIZE, seed=number) for number in range(18)]
    words = noise(9, SIZE, seed=99)
    results = reduced(frames, [(12, 12)] * 18, words, keep)
    expected = published(frames, words, int(keep * 18 * 144))
    assert torch.allclose(torch.cat([vectors for _, vectors in results]), expected, atol=1e-5)
    for places, vectors in results:
        assert len(places) == len(vectors) and places.tolist() == sorted(set(places.tolist()))


def test_the_frames_most_like_the_question_keep_all_their_tokens():
    words = noise(3, SIZE, seed=5)
    frames = [noise(144, SIZE, seed=number) for number in range(6)]
    frames[4] = frames[4] + words.mean(0)
    assert [len(places) for places, _ in reduced(frames, [(12, 12)] * 6, words, 0.6)] == [64, 64, 64, 64, 144, 64]


def test_a_pooled_token_stands_in_the_middle_of_its_part():
    import torch

    columns = torch.arange(9.0).repeat(6)
    rows = torch.arange(6.0).repeat_interleave(9)
    (places, vectors), _ = reduced([torch.stack([rows, columns], 1)] * 2, [(6, 9)] * 2, torch.ones(1, 2), 0.5)
    assert len(places) == 4 * 6
    assert (vectors - torch.stack([places // 9, places % 9], 1)).abs().max() <= 0.5


def test_frames_of_several_sizes_are_compared_with_their_like():
    frames = [noise(36, SIZE, seed=1)] * 3 + [noise(16, SIZE, seed=2)] * 3
    results = reduced(frames, [(6, 6)] * 3 + [(4, 4)] * 3, noise(3, SIZE), 0.4)
    assert [len(places) for places, _ in results] == [16, 0, 0, 9, 0, 0]


def test_a_prompt_without_frames_has_nothing_to_reduce():
    assert reduced([], [], noise(3, SIZE), 0.5) == []


@pytest.mark.parametrize("architecture", sorted(set(tiny_eyes.EYES) - {"aria"}))
def test_models_read_pooled_frames_beside_whole_ones_and_answer_together_as_alone(tmp_path, architecture):
    import torch

    model = made(tiny_eyes.EYES[architecture](tmp_path), tokens=0.7, tokens_by="longvu")
    assert model.model.endswith("/0.7-tokens-by-longvu")
    together = model.answer(LOOKS, 2)
    assert together[0] == model.answer(LOOKS[:1], 2)[0]
    config, inputs = model._loaded.model.config, inputs_of(model, LOOKS[:1])
    mark = config.video_token_id if model._loaded.format.as_videos else config.image_token_id
    with torch.inference_mode(), shown(model._loaded.model, inputs, 0.7, by="longvu") as fed:
        before, after = (int((one["input_ids"] == mark).sum()) for one in (inputs, fed))
    assert after < before and after <= 0.7 * before + 3


def test_tokens_without_rows_and_columns_are_refused(tmp_path):
    model = made(tiny_eyes.aria(tmp_path), tokens=0.5, tokens_by="longvu")
    with pytest.raises(BadSettings, match="cannot be chosen by longvu"):
        model.warm_up()
