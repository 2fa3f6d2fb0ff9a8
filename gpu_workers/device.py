"""Chooses the device and number type that a torch model runs with."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import MissingPart
from app.core.settings import Hardware


@dataclass(frozen=True, slots=True)
class Device:
    """A device as torch names it, the weights' number type, and their quantisation."""

    device: str = "cpu"
    dtype: str = "float32"
    quantisation: str = "none"

    @property
    def is_gpu(self) -> bool:
        """Whether the device is not the CPU."""
        return self.device != "cpu"


CPU = Device()


def best_place(hardware: Hardware, *, quantise: bool = False) -> Device:
    """The device that the settings choose; pass `quantise` for models that may be quantised. Raises MissingPart."""
    device = "cpu"
    if hardware.device != "cpu":
        import torch

        number = int(hardware.device.partition(":")[2] or 0)
        if torch.cuda.is_available() and number < torch.cuda.device_count():
            device = f"cuda:{number}"
        elif hardware.device != "auto":
            raise MissingPart(
                f"LONGREEL_HARDWARE__DEVICE is {hardware.device}, but torch finds no such GPU.",
                "Set it to auto or cpu, or install a driver and a torch build for the GPU.",
            )
    quantisation = hardware.quantisation if quantise else "none"
    if quantisation != "none" and device == "cpu":
        raise MissingPart(
            f"Models in {quantisation} need a GPU.", "Unset LONGREEL_HARDWARE__QUANTISATION or choose a GPU."
        )
    dtype = hardware.dtype
    if dtype == "auto" and device == "cpu":
        dtype = "float32"
    elif dtype == "auto":
        import torch

        with torch.cuda.device(device):
            dtype = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    return Device(device, dtype, quantisation)
