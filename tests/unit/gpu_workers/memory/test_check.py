"""What fits, and the setting that would make the rest fit; free memory is made up."""

from __future__ import annotations

import pytest

from app.core.settings import Hardware, Settings, Weights
from gpu_workers.device import CPU, Device
from gpu_workers.memory import check
from gpu_workers.memory.check import fits, free_bytes
from gpu_workers.registry import Workers
from tests import tiny_models


@pytest.fixture
def on_a_gpu(monkeypatch):
    """The gpu profile on one card with so many bytes free."""
    from gpu_workers import torch_worker

    def settings(free, **options):
        place = Device("cuda:0", "bfloat16", options.get("quantisation", "none"))
        for module in (torch_worker, check):
            monkeypatch.setattr(module, "best_place", lambda hardware, quantise=False: place)
        monkeypatch.setattr(check, "free_bytes", lambda place: free)
        return Settings(profile="gpu", hardware=Hardware(**options))

    return settings


def by_role(settings):
    return {role: fit for fit in fits(settings, Workers(settings)) for role in fit.roles}


def test_the_gpu_profile_fits_a_large_card_and_each_model_comes_once(on_a_gpu):
    found = fits(on_a_gpu(80e9), Workers(on_a_gpu(80e9)))
    assert all(fit.fits and not fit.setting for fit in found)
    roles = [role for fit in found for role in fit.roles]
    assert {"frame_embedder", "captioner", "vision_language_model", "language_model", "object_detector"} <= set(roles)
    assert len(roles) == len(set(roles))
    eyes = by_role(on_a_gpu(80e9))["captioner"]
    assert eyes.roles == ("captioner", "vision_language_model")
    assert eyes.weights == pytest.approx(17.5e9, rel=0.01) and eyes.working > 1e9


def test_models_of_speech_on_the_same_card_are_counted_too(on_a_gpu):
    found = by_role(on_a_gpu(80e9))
    assert found["transcriber"].weights == pytest.approx(1.6e9, rel=0.02)
    assert found["diarizer"].weights == pytest.approx(16e6, rel=0.1)
    assert {found[role].place.device for role in ("transcriber", "diarizer", "captioner")} == {"cuda:0"}


def test_a_smaller_batch_is_advised_before_smaller_numbers(on_a_gpu):
    eyes = by_role(on_a_gpu(20e9))["captioner"]
    assert not eyes.fits and eyes.setting.startswith("LONGREEL_HARDWARE__BATCH=")


def test_weights_that_do_not_fit_are_to_be_quantised(on_a_gpu):
    assert by_role(on_a_gpu(12e9))["captioner"].setting == "LONGREEL_HARDWARE__QUANTISATION=8bit"
    assert by_role(on_a_gpu(8e9))["captioner"].setting == "LONGREEL_HARDWARE__QUANTISATION=4bit"


def test_where_nothing_helps_another_model_is_to_be_chosen(on_a_gpu):
    fit = by_role(on_a_gpu(1e8))["frame_embedder"]
    assert not fit.fits and fit.setting == "LONGREEL_WEIGHTS__FRAME_EMBEDDER=a smaller model"


def test_on_the_cpu_half_the_numbers_are_advised(monkeypatch, tmp_path):
    folder = str(tiny_models.siglip(tmp_path))
    chosen = Settings(profile="cpu", weights=Weights(frame_embedder=folder), hardware=Hardware(device="cpu", batch=1))
    whole = by_role(chosen)["frame_embedder"]
    monkeypatch.setattr(check, "free_bytes", lambda place: (whole.weights + whole.working) * 0.6)
    assert by_role(chosen)["frame_embedder"].setting == "LONGREEL_HARDWARE__DTYPE=bfloat16"


def test_packaged_models_are_counted_by_their_files():
    found = by_role(Settings())
    assert found["language_model"].weights == 1_117_320_768
    assert found["language_model"].place == CPU


def test_this_machine_has_some_memory():
    assert free_bytes(CPU) > 1e8
