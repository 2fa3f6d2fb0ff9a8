"""Tiny models whose weights are packed in four bits, as AWQ stores them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any


def packed_by_awq(source: Path, folder: Path, group: int = 16) -> tuple[Path, Path]:
    """A model's linear layers rounded to four bits: packed as AutoAWQ packs them, and the same values unpacked."""
    from safetensors.torch import load_file, save_file

    weights = load_file(source / "model.safetensors")
    packed, rounded = dict(weights), dict(weights)
    for name in [name for name in weights if name.endswith("proj.weight") and "visual" not in name]:
        columns = weights[name].T.float()
        grouped = columns.reshape(-1, group, columns.shape[1])
        low, high = grouped.amin(1), grouped.amax(1)
        scales = ((high - low) / 15).clamp(min=1e-6)
        zeros = (-low / scales).round().clamp(0, 15)
        values = (grouped / scales[:, None] + zeros[:, None]).round().clamp(0, 15)
        layer = name.removesuffix(".weight")
        del packed[name]
        packed[f"{layer}.qweight"] = pack(values.reshape(columns.shape).int())
        packed[f"{layer}.qzeros"] = pack(zeros.int())
        packed[f"{layer}.scales"] = scales
        rounded[name] = ((values - zeros[:, None]) * scales[:, None]).reshape(columns.shape).T.contiguous()
    told = json.loads((source / "config.json").read_text("utf-8"))
    how = {"quant_method": "awq", "bits": 4, "group_size": group, "version": "gemm", "zero_point": True}
    for kind, tensors, config in (
        ("packed", packed, {**told, "quantization_config": {**how, "modules_to_not_convert": ["visual"]}}),
        ("rounded", rounded, told),
    ):
        shutil.copytree(source, folder / kind)
        (folder / kind / "config.json").write_text(json.dumps(config), "utf-8")
        save_file(
            {name: tensor.contiguous() for name, tensor in tensors.items()},
            folder / kind / "model.safetensors",
            {"format": "pt"},
        )
    return folder / "packed", folder / "rounded"


def pack(values: Any) -> Any:
    """Eight columns in one number of 32 bits, its lowest four bits first: columns 0, 2, 4, 6, 1, 3, 5, 7."""
    import torch

    made = torch.zeros(values.shape[0], values.shape[1] // 8, dtype=torch.int32)
    for place, column in enumerate((0, 2, 4, 6, 1, 3, 5, 7)):
        made |= values[:, column::8] << (4 * place)
    return made
