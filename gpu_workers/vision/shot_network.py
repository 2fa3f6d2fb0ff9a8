"""The network TransNetV2 (Souček and Lokoč, arXiv 2008.04838): how likely each frame is the last of its shot.

Three cells of two blocks; a block looks at each frame with 3 x 3 filters, and then at four distances in time at once
(1, 2, 4 and 8 frames). Two more views are added: the likeness of each frame to the 50 before and after it, by what the
cells saw and by its colours. The network is a function of its weights, which bear the names of the published file, so
that their shapes decide its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

HEIGHT, WIDTH = 27, 48
WINDOW = 100
"""Frames that the network sees at once."""
LOOKUP = 101
"""Neighbours to which a frame is compared, itself in the middle."""
DISTANCES = (1, 2, 4, 8)
BINS = 8
"""Steps of each colour in the histogram."""
EPSILON = 1e-3

Weights = Mapping[str, Any]


def transitions(weights: Weights, windows: Any) -> Any:
    """The chance that a shot ends at each frame, shape (n, frames); `windows`: uint8, (n, frames, 27, 48, 3)."""
    import torch
    from torch.nn import functional

    dtype = weights["fc1.weight"].dtype
    seen = windows.permute(0, 4, 1, 2, 3).to(dtype) / 255.0
    means = []
    for layer in count():
        if f"SDDCNN.{layer}.DDCNN.0.bn.weight" not in weights:
            break
        seen = _cell(weights, f"SDDCNN.{layer}", seen)
        means.append(seen.mean(dim=(3, 4)))
    whole = seen.permute(0, 2, 3, 4, 1).flatten(2)
    place = "frame_sim_layer"
    alike = _compared(weights, place, _linear(weights, f"{place}.projection", torch.cat(means, dim=1).transpose(1, 2)))
    colours = _compared(weights, "color_hist_layer", _histograms(windows).to(dtype))
    known = functional.relu(_linear(weights, "fc1", torch.cat([colours, alike, whole], dim=2)))
    return _linear(weights, "cls_layer1", known)[..., 0].float().sigmoid()


def _cell(weights: Weights, name: str, seen: Any) -> Any:
    """Blocks one after the other, what the first saw added to what the last did; then half the size."""
    import torch
    from torch.nn import functional

    first = None
    for block in (f"{name}.DDCNN.{number}" for number in count()):
        if f"{block}.bn.weight" not in weights:
            break
        if first is not None:
            seen = functional.relu(seen)
        views = []
        for far in DISTANCES:
            kernels = [weights[f"{block}.Conv3D_{far}.layers.{layer}.weight"] for layer in (0, 1)]
            view = functional.conv3d(seen, kernels[0], padding=(0, 1, 1))
            views.append(functional.conv3d(view, kernels[1], dilation=(far, 1, 1), padding=(far, 0, 0)))
        mean, spread, scale, shift = (
            weights[f"{block}.bn.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        seen = functional.batch_norm(torch.cat(views, dim=1), mean, spread, scale, shift, eps=EPSILON)
        first = functional.relu(seen) if first is None else first
    return functional.avg_pool3d(functional.relu(seen) + first, (1, 2, 2))


def _histograms(windows: Any) -> Any:
    """How often each of 512 colours occurs, as unit vectors, shape (n, frames, 512)."""
    import torch
    from torch.nn import functional

    steps = windows.long() // (256 // BINS)
    bins = (steps[..., 0] * BINS + steps[..., 1]) * BINS + steps[..., 2]
    flat = bins.flatten(2)
    counts = torch.zeros((*flat.shape[:2], BINS**3), device=flat.device)
    counts.scatter_add_(2, flat, torch.ones_like(flat, dtype=counts.dtype))
    return functional.normalize(counts, dim=2)


def _compared(weights: Weights, name: str, vectors: Any) -> Any:
    """Each frame by its cosines to its neighbours in time (0 past the ends), through one layer."""
    from torch.nn import functional

    unit = functional.normalize(vectors, dim=2)
    cosines = functional.pad(unit @ unit.transpose(1, 2), (LOOKUP // 2, LOOKUP // 2))
    near = cosines.unfold(2, LOOKUP, 1).diagonal(dim1=1, dim2=2).transpose(1, 2)
    return functional.relu(_linear(weights, f"{name}.fc", near))


def _linear(weights: Weights, name: str, inputs: Any) -> Any:
    from torch.nn import functional

    return functional.linear(inputs, weights[f"{name}.weight"], weights[f"{name}.bias"])
