"""Vectors by Qwen3-VL-Embedding and VLM2Vec-V2: the published prompts and pooling, on tiny models."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.errors import BadSettings
from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from tests import tiny_models


def made(folder, **hardware):
    settings = Settings(profile="cpu", weights=Weights(frame_embedder=str(folder)), hardware=Hardware(**hardware))
    return Workers(settings).get("frame_embedder")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_models.qwen3_vl(tmp_path_factory.mktemp("qwen3_vl"))


def frame(seed, size=(64, 96)) -> Frame:
    return Frame(float(seed), np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def published(folder, instruction, content, images):
    """The published steps one by one: system turn, user turn, the state at the last token, length one."""
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder).model.eval()
    turns = [{"role": "system", "content": [{"type": "text", "text": instruction}]}]
    turns.append({"role": "user", "content": [content]})
    prompt = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert prompt.startswith(f"<|im_start|>system\n{instruction}<|im_end|>\n<|im_start|>user\n")
    inputs = processor(text=[prompt], images=images, return_tensors="pt")
    with torch.inference_mode():
        vector = model(**inputs).last_hidden_state[0, -1]
    return torch.nn.functional.normalize(vector, dim=0).numpy()


def test_vectors_are_those_of_the_published_steps(folder):
    from PIL import Image

    embedder, picture = made(folder, batch=4), frame(1)
    seen = embedder.embed([frame(2, (40, 40)), picture])[1]
    theirs = published(folder, "Represent the user's input.", {"type": "image"}, [Image.fromarray(picture.image)])
    assert np.allclose(seen.concept, theirs, atol=1e-4)
    query = "Retrieve images or text relevant to the user's query."
    assert np.allclose(
        embedder.embed_query("a red bus"),
        published(folder, query, {"type": "text", "text": "a red bus"}, None),
        atol=1e-4,
    )


def test_vlm2vec_reads_plain_prompts_and_gives_the_state_at_the_last_token(tmp_path):
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    embedder, pictures = made(tiny_models.qwen2_vl(tmp_path), batch=4), [frame(1), frame(2, (40, 40))]
    processor = AutoProcessor.from_pretrained(tmp_path)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    prompts = [
        ("<|image_pad|> Represent the given image.\n", [Image.fromarray(pictures[1].image)]),
        ("Find me an everyday image that matches the given caption. a red bus\n", None),
    ]
    vectors = [embedder.embed(pictures)[1].concept, embedder.embed_query("a red bus")]
    for (prompt, images), ours in zip(prompts, vectors, strict=True):
        inputs = processor(text=[prompt], images=images, return_tensors="pt")
        with torch.inference_mode():
            state = model(**inputs, output_hidden_states=True).hidden_states[-1][0, -1]
        assert np.allclose(ours, torch.nn.functional.normalize(state, dim=0).numpy(), atol=1e-4)


def test_parts_of_a_picture_and_other_models_are_refused_with_a_reason(folder, tmp_path):
    with pytest.raises(BadSettings, match="no vectors of parts"):
        made(folder).regions([frame(1)], "a bus", 0.5)
    with pytest.raises(BadSettings, match="no vectors of pictures and words"):
        made(tiny_models.qwen2_5_vl(tmp_path)).embed([frame(1)])
