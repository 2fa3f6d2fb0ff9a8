"""Where models run, by the settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.errors import MissingPart
from app.core.settings import Hardware
from gpu_workers.device import CPU, Device, best_place


@pytest.fixture
def two_gpus(monkeypatch):
    """What torch says on a machine with two GPUs that know bfloat16."""
    import contextlib

    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "device", lambda name: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.fixture
def no_gpu(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_without_a_gpu_auto_is_the_cpu_in_full_precision(no_gpu):
    assert best_place(Hardware()) == CPU == Device("cpu", "float32", "none")


def test_a_gpu_is_taken_by_itself_in_bfloat16(two_gpus):
    assert best_place(Hardware()) == Device("cuda:0", "bfloat16", "none")
    assert best_place(Hardware(device="cuda")).device == "cuda:0"


def test_the_settings_choose_the_gpu_and_the_numbers(two_gpus):
    assert best_place(Hardware(device="cuda:1", dtype="float16")) == Device("cuda:1", "float16", "none")
    assert best_place(Hardware(device="cpu")) == CPU


def test_a_gpu_without_bfloat16_gets_float16(two_gpus, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert best_place(Hardware()).dtype == "float16"


def test_a_gpu_that_is_not_there_is_an_error_that_names_the_setting(two_gpus):
    with pytest.raises(MissingPart, match="LONGREEL_HARDWARE__DEVICE is cuda:2"):
        best_place(Hardware(device="cuda:2"))


def test_only_models_that_write_are_quantised(two_gpus):
    hardware = Hardware(quantisation="4bit")
    assert best_place(hardware).quantisation == "none"
    assert best_place(hardware, quantise=True).quantisation == "4bit"


def test_quantised_weights_need_a_gpu(no_gpu):
    with pytest.raises(MissingPart, match="4bit need a GPU"):
        best_place(Hardware(quantisation="4bit"), quantise=True)


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "mps"])
def test_a_device_of_another_name_is_refused(device):
    with pytest.raises(ValidationError):
        Hardware(device=device)
