"""Memory told beforehand, against what tiny models take."""

from __future__ import annotations

import pytest

from app.core.settings import Hardware, Settings
from gpu_workers.device import Device
from gpu_workers.memory.estimate import ModelLoad, sizes, tensors, weight_bytes, working_bytes
from gpu_workers.torch_worker import from_folder
from tests import tiny_eyes, tiny_models

AUTOS = {
    **dict.fromkeys(tiny_eyes.EYES, "AutoModelForImageTextToText"),
    **dict.fromkeys(tiny_models.EMBEDDERS, "AutoModel"),
    **dict.fromkeys(tiny_models.DETECTORS, "AutoModelForZeroShotObjectDetection"),
    "qwen3": "AutoModelForCausalLM",
    "bert": "AutoModel",
}


@pytest.mark.parametrize("kind", sorted(AUTOS))
def test_the_weights_of_each_architecture_are_counted_as_they_lie_in_memory(kind, tmp_path):
    make = tiny_eyes.EYES.get(kind) or getattr(tiny_models, kind)
    folder = make(tmp_path)
    for dtype in ("float32", "bfloat16"):
        place = Device("cpu", dtype)
        model = from_folder(AUTOS[kind], folder, place)
        real = sum(weight.numel() * weight.element_size() for weight in model.parameters())
        assert weight_bytes(str(folder), place) == pytest.approx(real, rel=0.02)


def test_keys_and_values_are_counted_as_a_model_keeps_them(tmp_path):
    import torch

    folder = tiny_models.qwen3(tmp_path)
    model = from_folder("AutoModelForCausalLM", folder, Device())
    with torch.inference_mode():
        cache = model(torch.arange(4 * 50).reshape(4, 50) % 200, use_cache=True).past_key_values
    real = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    writing, reading = (working_bytes(str(folder), Device(), ModelLoad(4, 50, writes)) for writes in (True, False))
    words = 2 * 4 * model.config.vocab_size * 4
    assert writing - reading - words == real


def test_more_work_takes_more_and_smaller_numbers_less(tmp_path):
    folder = str(tiny_models.siglip(tmp_path))
    assert working_bytes(folder, Device(), ModelLoad(8)) == 8 * working_bytes(folder, Device(), ModelLoad(1))
    assert working_bytes(folder, Device(dtype="bfloat16"), ModelLoad(8)) * 2 == working_bytes(
        folder, Device(), ModelLoad(8)
    )
    assert sizes(folder)["tokens"] == 16


def test_quantised_are_the_matrices_of_linear_layers(tmp_path):
    folder = tiny_models.qwen3(tmp_path)
    shapes = dict(tensors(folder))
    linear = sum(
        a * b for name, (a, b, *_) in ((n, (*s, 0)) for n, s in shapes.items() if len(s) == 2) if "_proj" in name
    )
    whole, half = (weight_bytes(str(folder), Device("cuda:0", "bfloat16", q)) for q in ("none", "8bit"))
    assert whole - half == linear
    assert weight_bytes(str(folder), Device("cuda:0", "bfloat16", "4bit")) == half - int(linear * (1 - 0.5625))


def test_a_name_that_ends_in_awq_tells_four_bits():
    plain, packed = (weight_bytes(f"no/such-7B-Instruct{end}", Device("cuda:0", "float16")) for end in ("", "-AWQ"))
    assert 3 < plain / packed < 4


def test_models_that_are_not_here_are_known_by_name_or_tell_their_size():
    place = Device("cuda:0", "bfloat16")
    assert weight_bytes("Qwen/Qwen3-8B", place) == 2 * 8191 * 10**6
    assert weight_bytes("someone/unheard-of-13B-chat@v2", place) == 26 * 10**9
    assert weight_bytes("someone/unheard-of-350M", place) == 7 * 10**8
    assert weight_bytes("someone/unheard-of-v3", place) is None
    assert working_bytes("someone/unheard-of-v3", place, ModelLoad(1, 100, True)) > 0


@pytest.mark.parametrize(
    "content", [b"", b"\5\0", b"\xff" * 8, b"\x05" + bytes(7) + b"{cut}", b"<html>not weights</html>"]
)
def test_a_damaged_file_of_weights_tells_nothing(content, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(content)
    assert list(tensors(tmp_path)) == []
    assert weight_bytes(str(tmp_path), Device()) is None


def test_a_worker_says_what_it_takes_when_loaded(tmp_path):
    from gpu_workers.vision.transformers_frames import TransformersFrameEmbedder

    folder = str(tiny_models.siglip(tmp_path))
    worker = TransformersFrameEmbedder(folder, "frame_embedder", Settings(hardware=Hardware(device="cpu")))
    assert worker.bytes_taken == 0
    worker.warm_up()
    assert worker.bytes_taken == weight_bytes(folder, Device())
    worker.unload()
    assert worker.bytes_taken == 0
