"""On which device, and with which numbers, a torch model runs."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import MissingPart
from app.core.settings import Hardware


@dataclass(frozen=True, slots=True)
class Device:
    """A device as torch names it, the type of the weights, and how they are quantised."""

    device: str = "cpu"
    dtype: str = "float32"
    quantisation: str = "none"

    @property
    def is_gpu(self) -> bool:
        """Whether the device is not the CPU."""
        return self.device != "cpu"


CPU = Device()


def best_place(hardware: Hardware, *, quantise: bool = False) -> Device:
    """Where the settings put a model; `quantise` for models that may be quantised. Raises MissingPart."""
    device = _device(hardware.device)
    quantisation = hardware.quantisation if quantise else "none"
    if quantisation != "none" and device == "cpu":
        raise MissingPart(
            f"Models in {quantisation} need a GPU.", "Unset LONGREEL_HARDWARE__QUANTISATION or choose a GPU."
        )
    return Device(device, _dtype(hardware.dtype, device), quantisation)


def _device(wanted: str) -> str:
    if wanted == "cpu":
        return wanted
    import torch

    number = int(wanted.partition(":")[2] or 0)
    if torch.cuda.is_available() and number < torch.cuda.device_count():
        return f"cuda:{number}"
    if wanted == "auto":
        return "cpu"
    raise MissingPart(
        f"LONGREEL_HARDWARE__DEVICE is {wanted}, but torch finds no such GPU.",
        "Set it to auto or cpu, or install a driver and a torch build for the GPU.",
    )


def _dtype(wanted: str, device: str) -> str:
    if wanted != "auto":
        return wanted
    if device == "cpu":
        return "float32"
    import torch

    with torch.cuda.device(device):
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
