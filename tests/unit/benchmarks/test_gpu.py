"""The benchmark for a GPU runs from end to end on the CPU, and its large models are those it names."""

from __future__ import annotations

import json

from benchmarks import gpu


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
