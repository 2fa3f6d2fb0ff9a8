"""The benchmark for a GPU runs from end to end on the CPU, and its large models are those it names."""

from __future__ import annotations

import json

import pytest

from benchmarks import full_size, gpu


def test_the_whole_benchmark_runs_with_tiny_models(tmp_path, capsys):
    assert gpu.main(["--tiny", "--json", str(tmp_path / "gpu.json")]) == 0
    figures = json.loads((tmp_path / "gpu.json").read_text("utf-8"))["figures"]
    assert {"matmul", "siglip_4", "siglip_8", "captions_1", "captions_2", "decoding", "ready"} == set(figures)
    assert figures["captions_2"]["tokens_s"] > 0 and figures["siglip_8"]["share"] > 0
    assert figures["ready"]["seconds"] > 0
    assert "these figures say nothing about speed" in capsys.readouterr().out


def test_without_a_gpu_nothing_is_measured_and_it_says_so(capsys, monkeypatch):
    monkeypatch.setattr(gpu, "device_name", lambda tiny: "")
    assert gpu.main([]) == 0
    assert "There is no GPU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("make", "auto", "billions"),
    [
        (full_size.siglip2_so400m, "AutoModel", 1.13),
        (full_size.qwen2_5_vl_7b, "AutoModelForImageTextToText", 8.29),
        (full_size.qwen3_embedding, "AutoModel", 0.596),
    ],
)
def test_the_large_models_have_their_real_sizes(make, auto, billions, tmp_path):
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(make(tmp_path))
    with torch.device("meta"):
        model = getattr(transformers, auto).from_config(config)
    assert sum(weight.numel() for weight in model.parameters()) / 1e9 == pytest.approx(billions, rel=0.02)


def test_a_long_video_repeats_its_minute(tmp_path, monkeypatch):
    from gpu_workers.media.probe import PyAVProbe

    monkeypatch.setattr(full_size, "MINUTE", 1)
    path = full_size.moving_video(tmp_path / "long.mp4", 3)
    assert PyAVProbe().probe(path).duration_s == pytest.approx(3, abs=0.1)
    assert list(tmp_path.iterdir()) == [path]
