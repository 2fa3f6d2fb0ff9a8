"""Reads weights that AWQ packed (arXiv 2306.00978), with torch alone.

The weights stay packed in memory, four bits each, and every layer is unpacked whenever it is used. A model then takes
about a third of its memory but more time per token. AutoAWQ has faster kernels, but its last version cannot be imported
with the transformers version that Longreel needs. Only AutoAWQ's usual layout ("gemm") is supported.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from app.core.errors import MissingPart

METHOD = "longreel-awq"
"""The name under which this reader is registered with transformers."""
BITS = 4
IN_ONE = 8
"""Weights packed into one 32-bit integer."""
ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""The order of neighbouring columns within it, from the lowest bits up."""


def packing(folder: Path) -> dict[str, Any] | None:
    """The AWQ configuration of a checkpoint; None when AWQ did not pack it.

    Raises MissingPart for an unsupported layout.
    """
    file = folder / "config.json"
    settings = json.loads(file.read_text("utf-8")).get("quantization_config") if file.is_file() else None
    if not settings or settings.get("quant_method") != "awq":
        return None
    layout = (settings.get("bits", BITS), settings.get("version", "gemm").lower(), settings.get("backend", "autoawq"))
    if layout != (BITS, "gemm", "autoawq") or not settings.get("zero_point", True):
        raise MissingPart(
            f"The AWQ weights in {folder.name} use {layout[0]} bits and the layout {layout[1]}: this is not supported.",
            "Choose weights in AutoAWQ's gemm layout, with 4 bits and zero points.",
        )
    return dict(settings)


def configuration(folder: Path, packed: dict[str, Any]) -> Any:
    """The model's configuration, changed so that `from_pretrained` builds packed layers."""
    from transformers import AutoConfig

    _registered()
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.quantization_config = {**packed, "quant_method": METHOD}
    return config


def unpacked(numbers: Any) -> Any:
    """Unpacks 32-bit integers, shape (rows, n), into bytes from 0 to 15, shape (rows, 8 n)."""
    import torch

    shifts = torch.tensor([BITS * place for place in ORDER], dtype=torch.int32, device=numbers.device)
    values = (numbers[..., None] >> shifts) & (2**BITS - 1)
    return values.to(torch.int8).flatten(-2)


@functools.cache
def _registered() -> None:
    """Registers the reader with transformers, once per process."""
    import torch
    from transformers.quantizers import HfQuantizer, register_quantization_config, register_quantizer
    from transformers.utils.quantization_config import QuantizationConfigMixin

    class Packed(QuantizationConfigMixin):  # type: ignore[misc]
        """The checkpoint's AWQ configuration."""

        def __init__(self, group_size: int = 128, modules_to_not_convert: list[str] | None = None, **_: Any) -> None:
            self.quant_method = METHOD
            self.group_size = group_size
            self.modules_to_not_convert = modules_to_not_convert or []

    class Reader(HfQuantizer):  # type: ignore[misc]
        """Replaces linear layers with packed ones before the weights are loaded."""

        is_trainable = False

        def is_serializable(self, **_: Any) -> bool:
            return False

        def _convert_model_for_quantization(self, model: Any) -> None:
            """Does nothing: the base class would convert mixture-of-experts layers, which needs accelerate."""

        def _process_model_before_weight_loading(self, model: Any, **_: Any) -> None:
            stored, last = self.quantization_config, model.get_output_embeddings()
            for name, module in list(model.named_modules()):
                plain = module is last or any(part in name for part in stored.modules_to_not_convert)
                if isinstance(module, torch.nn.Linear) and not plain:
                    model.set_submodule(name, _packed_layer(module, stored.group_size))

        def _process_model_after_weight_loading(self, model: Any, **_: Any) -> None:
            pass

    register_quantization_config(METHOD)(Packed)
    register_quantizer(METHOD)(Reader)


def _packed_layer(linear: Any, group: int) -> Any:
    """A layer shaped like the linear one, with buffers for packed weights: `qweight`, `qzeros` and `scales`."""
    import torch

    class PackedLinear(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            rows, columns, size = linear.in_features, linear.out_features, group if group > 0 else linear.in_features
            for name, shape, kind in (
                ("qweight", (rows, columns // IN_ONE), torch.int32),
                ("qzeros", (rows // size, columns // IN_ONE), torch.int32),
                ("scales", (rows // size, columns), linear.weight.dtype),
            ):
                self.register_buffer(name, torch.empty(shape, dtype=kind, device=linear.weight.device))
            bias = None if linear.bias is None else torch.empty_like(linear.bias)
            self.register_buffer("bias", bias)

        def forward(self, inputs: Any) -> Any:
            groups, columns = self.scales.shape
            values = unpacked(self.qweight).view(groups, -1, columns) - unpacked(self.qzeros)[:, None]
            weight = (values * self.scales[:, None]).view(-1, columns)
            outputs = inputs @ weight.to(inputs.dtype)
            return outputs if self.bias is None else outputs + self.bias

    return PackedLinear()
