"""What only a GPU shows: the same models there and on the CPU, and what is given back. Skipped without one."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_eyes, tiny_models


@pytest.fixture(autouse=True)
def gpu():
    import torch

    if not torch.cuda.is_available():
        pytest.skip("torch finds no GPU")


def frame(seed, size=(72, 128)) -> Frame:
    return Frame(seed * 0.5, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def workers(device, dtype="auto", **weights) -> Workers:
    hardware = Hardware(device=device, dtype=dtype)
    return Workers(Settings(profile="gpu", weights=Weights(**weights), hardware=hardware))


@pytest.mark.parametrize("kind", sorted(tiny_models.EMBEDDERS))
def test_pictures_have_the_same_vectors_on_both_devices(kind, tmp_path):
    folder = str(tiny_models.EMBEDDERS[kind](tmp_path))
    frames = [frame(i, (72, 128) if i % 2 else (40, 40)) for i in range(5)]
    there = workers("cuda", "float32", frame_embedder=folder).get("frame_embedder").embed(frames)
    here = workers("cpu", frame_embedder=folder).get("frame_embedder").embed(frames)
    for a, b in zip(there, here, strict=True):
        assert a.vector @ b.vector > 0.99


@pytest.mark.parametrize("kind", sorted(tiny_eyes.EYES))
def test_several_prompts_are_answered_in_half_precision(kind, tmp_path):
    model = workers("cuda", vision_language_model=str(tiny_eyes.EYES[kind](tmp_path))).get("vision_language_model")
    looks = [VisionPrompt((frame(1), frame(2)), "What?"), VisionPrompt((frame(3),), "Who is there?")]
    answers = model.answer(looks, 5)
    assert len(answers) == 2 and answers == model.answer(looks, 5)
    assert model.place.dtype in ("bfloat16", "float16")


def test_an_unloaded_model_gives_its_memory_back(tmp_path):
    import torch

    before = torch.cuda.memory_allocated()
    model = workers("cuda", text_embedder=str(tiny_models.qwen3(tmp_path))).get("text_embedder")
    model.embed(["a red boat"])
    assert torch.cuda.memory_allocated() > before
    model.unload()
    assert torch.cuda.memory_allocated() <= before
