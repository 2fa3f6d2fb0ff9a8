"""Checkpoints that AWQ packed, through the product's own loading, against the same values unpacked."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.core.errors import BadSettings, MissingPart
from app.core.settings import Settings, Weights
from app.core.types import Frame, Message
from gpu_workers.awq import unpacked
from gpu_workers.device import CPU, Device
from gpu_workers.memory.estimate import weight_bytes
from gpu_workers.registry import Workers
from gpu_workers.torch_worker import from_folder
from gpu_workers.vision import transformers_vision
from tests import tiny_awq, tiny_models

ASKED = [Message("user", "What is it?")]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    return tiny_awq.packed_by_awq(tiny_models.qwen3(folder / "plain"), folder)


def model(role, folder):
    return Workers(Settings(profile="gpu", weights=Weights(**{role: str(folder)}))).get(role)


def told(folder, **changes):
    file = folder / "config.json"
    config = json.loads(file.read_text("utf-8"))
    config["quantization_config"] |= changes
    file.write_text(json.dumps(config), "utf-8")


def test_numbers_are_unpacked_in_the_order_of_the_columns():
    import torch

    values = torch.randint(0, 16, (6, 40), generator=torch.Generator().manual_seed(1), dtype=torch.int32)
    assert torch.equal(unpacked(tiny_awq.pack(values)).int(), values)


def test_packed_layers_compute_what_their_values_do(words):
    import torch

    packed, rounded = (from_folder("AutoModelForCausalLM", folder, CPU) for folder in words)
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        assert torch.allclose(packed(ids).logits, rounded(ids).logits, atol=1e-4)
    kinds = [type(module).__name__ for module in packed.modules()]
    assert kinds.count("PackedLinear") == 2 * 7 and kinds.count("Linear") == 1


def test_a_language_model_writes_with_packed_weights(words):
    packed, rounded = (model("language_model", folder).chat(ASKED, max_output=12) for folder in words)
    assert packed == rounded and packed.output_tokens > 0


def test_a_vision_language_model_looks_with_packed_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 6)
    folders = tiny_awq.packed_by_awq(tiny_models.qwen2_5_vl(tmp_path / "plain"), tmp_path)
    frame = Frame(1.0, np.random.default_rng(1).integers(0, 256, (40, 64, 3), np.uint8))
    packed, rounded = (model("vision_language_model", folder).look([frame], "What is red?") for folder in folders)
    assert packed == rounded


def test_packed_weights_take_the_memory_that_was_told(words):
    packed = from_folder("AutoModelForCausalLM", words[0], CPU)
    assert weight_bytes(str(words[0]), CPU) == sum(
        tensor.numel() * tensor.element_size() for tensor in packed.state_dict().values()
    )


def test_packed_weights_are_not_quantised_again(words):
    with pytest.raises(BadSettings, match="already quantised"):
        from_folder("AutoModelForCausalLM", words[0], Device("cuda:0", "float16", "4bit"))


@pytest.mark.parametrize("changes", [{"version": "gemv"}, {"bits": 8}, {"zero_point": False}])
def test_a_layout_that_is_not_read_is_refused_with_the_one_that_is(tmp_path, changes):
    packed, _ = tiny_awq.packed_by_awq(tiny_models.qwen3(tmp_path / "plain"), tmp_path)
    told(packed, **changes)
    with pytest.raises(MissingPart, match="not supported") as refused:
        model("language_model", packed).chat(ASKED, max_output=2)
    assert "gemm" in refused.value.hint


def test_weights_that_lack_layers_are_refused(tmp_path):
    plain = tiny_models.qwen3(tmp_path / "plain")
    packed, _ = tiny_awq.packed_by_awq(plain, tmp_path)
    (packed / "model.safetensors").write_bytes((plain / "model.safetensors").read_bytes())
    with pytest.raises(MissingPart, match="lack"):
        model("language_model", packed).chat(ASKED, max_output=2)
