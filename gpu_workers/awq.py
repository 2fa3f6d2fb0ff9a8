"""Weights that were packed by AWQ (arXiv 2306.00978), read with torch alone.

Four bits a weight stay packed in memory and are unpacked layer by layer whenever a layer is used, so that a model takes
about a third of its memory, and more time for each word. Kernels that are quicker come with AutoAWQ, whose last version
cannot be imported beside the transformers that Longreel needs. Read is AutoAWQ's usual layout ("gemm").
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from app.core.errors import MissingPart

METHOD = "longreel-awq"
"""The name under which transformers knows this way of reading."""
BITS = 4
IN_ONE = 8
"""Weights in one number of 32 bits."""
ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where the weights of neighbouring columns lie in it, counted from its lowest bits."""


def packing(folder: Path) -> dict[str, Any] | None:
    """What a checkpoint tells of its packing; None when it was not packed by AWQ.

    Raises MissingPart for a layout that cannot be read.
    """
    file = folder / "config.json"
    told = json.loads(file.read_text("utf-8")).get("quantization_config") if file.is_file() else None
    if not told or told.get("quant_method") != "awq":
        return None
    layout = (told.get("bits", BITS), told.get("version", "gemm").lower(), told.get("backend", "autoawq"))
    if layout != (BITS, "gemm", "autoawq") or not told.get("zero_point", True):
        raise MissingPart(
            f"The AWQ weights in {folder.name} have {layout[0]} bits in the layout {layout[1]}, which is not read.",
            "Choose weights in AutoAWQ's layout gemm, with 4 bits and zero points.",
        )
    return dict(told)


def configuration(folder: Path, packed: dict[str, Any]) -> Any:
    """The model's configuration, changed so that `from_pretrained` builds packed layers."""
    from transformers import AutoConfig

    _registered()
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.quantization_config = {**packed, "quant_method": METHOD}
    return config


def unpacked(numbers: Any) -> Any:
    """Values of 0 to 15 as bytes, shape (rows, 8 n), from whole numbers of 32 bits, shape (rows, n)."""
    import torch

    shifts = torch.tensor([BITS * place for place in ORDER], dtype=torch.int32, device=numbers.device)
    values = (numbers[..., None] >> shifts) & (2**BITS - 1)
    return values.to(torch.int8).flatten(-2)


@functools.cache
def _registered() -> None:
    """Tells transformers of the way of reading, once a process."""
    import torch
    from transformers.quantizers import HfQuantizer, register_quantization_config, register_quantizer
    from transformers.utils.quantization_config import QuantizationConfigMixin

    class Packed(QuantizationConfigMixin):  # type: ignore[misc]
        """What the checkpoint tells."""

        def __init__(self, group_size: int = 128, modules_to_not_convert: list[str] | None = None, **_: Any) -> None:
            self.quant_method = METHOD
            self.group_size = group_size
            self.modules_to_not_convert = modules_to_not_convert or []

    class Reader(HfQuantizer):  # type: ignore[misc]
        """Puts packed layers in the place of linear ones before the weights are read."""

        is_trainable = False

        def is_serializable(self, **_: Any) -> bool:
            return False

        def _convert_model_for_quantization(self, model: Any) -> None:
            """Experts of other kinds of models, which need accelerate."""

        def _process_model_before_weight_loading(self, model: Any, **_: Any) -> None:
            told, last = self.quantization_config, model.get_output_embeddings()
            for name, module in list(model.named_modules()):
                plain = module is last or any(part in name for part in told.modules_to_not_convert)
                if isinstance(module, torch.nn.Linear) and not plain:
                    model.set_submodule(name, _packed_layer(module, told.group_size))

        def _process_model_after_weight_loading(self, model: Any, **_: Any) -> None:
            pass

    register_quantization_config(METHOD)(Packed)
    register_quantizer(METHOD)(Reader)


def _packed_layer(linear: Any, group: int) -> Any:
    """A layer of the shape of a linear one, with room for packed weights: `qweight`, `qzeros` and `scales`."""
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

        def forward(self, given: Any) -> Any:
            groups, columns = self.scales.shape
            values = unpacked(self.qweight).view(groups, -1, columns) - unpacked(self.qzeros)[:, None]
            weight = (values * self.scales[:, None]).view(-1, columns)
            made = given @ weight.to(given.dtype)
            return made if self.bias is None else made + self.bias

    return PackedLinear()
