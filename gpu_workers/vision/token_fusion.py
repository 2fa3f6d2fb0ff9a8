"""FrameFusion (arXiv 2501.01986): picture tokens are merged, then pruned, while the language model reads a prompt.

A token that resembles the one on the same spot of the frame before is merged into it: before the first layer, and
after the attention of each, until a step merges less than a tenth. The attention of the next layer then decides which
of the other tokens stay, as many as the budget allows. The budget is the share of the work that all picture tokens
would cause in all layers. Each layer thus keeps fewer keys and values than the one below; the words written afterwards
have their usual positions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gpu_workers.vision.token_attention import attending, decoder_layers

WORD = -1
"""The spot of a token that belongs to no frame."""
ALIKE = 0.6
"""Cosine from which tokens are merged (the paper's similarity threshold)."""
FEW = 0.1
"""When a smaller share of the picture tokens is merged in one step, merging ends."""
ASKING = {"qwen2_5_vl": 4, "qwen3_vl": 4}
"""How many of the prompt's last tokens decide by their attention what stays, as published for Qwen2-VL; elsewhere 1."""
PARTS = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
"""What a layer consists of where this works: all architectures that load here but Gemma 3."""


def can_fuse(model: Any) -> bool:
    """Whether the model's layers have the usual parts."""
    return {name for name, _ in decoder_layers(model)[0].named_children()} == PARTS


def spots_of(marks: Any, lengths: Sequence[int]) -> Any:
    """The spot of each token of a prompt, shape (length,), in whose `marks` frames of such lengths lie in order.

    Frames of different lengths have no spots in common.
    """
    import torch

    sizes = sorted(set(lengths))
    first = {size: sum(sizes[:number]) for number, size in enumerate(sizes)}
    spots = torch.full_like(marks, WORD, dtype=torch.long)
    spots[marks] = torch.cat([torch.arange(first[n], first[n] + n, device=marks.device) for n in lengths])
    return spots


@contextmanager
def fused(model: Any, spots: Any, cost: float) -> Iterator[None]:
    """Inside the context, `generate` reads one prompt at a share `cost` of the work on its picture tokens.

    `spots`, shape (length,), numbers each token's spot in its frame; words are `WORD`.
    """
    layers = decoder_layers(model)
    reading = _Reading(spots, cost, len(layers), ASKING.get(model.config.model_type, 1))
    core = model.model.language_model if hasattr(model.model, "language_model") else None
    replaced: list[tuple[Any, str, Any]] = [(layer, "forward", _forward(layer, reading)) for layer in layers]
    if hasattr(core, "_deepstack_process"):
        replaced.append((core, "_deepstack_process", reading.with_deep_features))
    before = [vars(owner).get(name) for owner, name, _ in replaced]
    for owner, name, method in replaced:
        setattr(owner, name, method)
    try:
        yield
    finally:
        for (owner, name, _), method in zip(replaced, before, strict=True):
            delattr(owner, name)
            if method is not None:
                setattr(owner, name, method)


def _forward(layer: Any, reading: _Reading) -> Callable[..., Any]:
    """A layer's forward with steps of FrameFusion before the first attention and after each."""
    in_tuple = "output_attentions" in inspect.signature(layer.forward).parameters

    @functools.wraps(layer.forward)
    def forward(hidden_states: Any, position_embeddings: Any, attention_mask: Any = None, **options: Any) -> Any:
        prompt = hidden_states.shape[1] > 1
        if prompt and layer.self_attn.layer_idx == 0:
            reading.places, reading.mask = position_embeddings, attention_mask
            hidden_states = reading.shortened(hidden_states)
        options |= {
            "position_ids": None,
            # All that is stored is read; the mask that came in has the length of the first layer's store.
            "attention_mask": reading.mask if prompt else None,
            "position_embeddings": reading.places if prompt else position_embeddings,
        }
        attended, scores = reading.attended(layer, layer.input_layernorm(hidden_states), options, prompt)
        hidden_states = hidden_states + attended
        if prompt:
            hidden_states = reading.shortened(hidden_states, scores)
        hidden_states = hidden_states + layer.mlp(layer.post_attention_layernorm(hidden_states))
        return (hidden_states,) if in_tuple else hidden_states

    return forward


class _Reading:
    """What is left of one prompt's tokens on their way through the layers."""

    def __init__(self, spots: Any, cost: float, depth: int, asking: int) -> None:
        import torch

        self.places: Any = None
        self.mask: Any = None
        self._spots, self._cost, self._depth, self._asking = spots, cost, depth, asking
        self._merged_shares: list[float] = []
        self._merging = self._pruning = True
        # Where each token of the prompt went, -1 for those pruned, and its weight in the mean that it is part of.
        self._owner = torch.arange(len(spots), device=spots.device)
        self._weight = torch.ones(len(spots), device=spots.device)

    def attended(self, layer: Any, states: Any, options: Mapping[str, Any], prompt: bool) -> tuple[Any, Any]:
        """The output of a layer's attention, and what each token gets of it where this decides what stays."""
        if not prompt or self._merging or not self._pruning:
            return layer.self_attn(states, **options)[0], None
        scores: list[Any] = []

        def read(module: Any, query: Any, key: Any, value: Any, mask: Any, **more: Any) -> Any:
            from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

            scores.append(mean_attention(query[0], key[0], self._asking, more["scaling"]))
            return ALL_ATTENTION_FUNCTIONS["sdpa"](module, query, key, value, mask, **more)

        with attending(layer.self_attn, read):
            output = layer.self_attn(states, **options)[0]
        return output, scores[0]

    def shortened(self, states: Any, scores: Any = None) -> Any:
        """States, shape (1, tokens, size), after the step whose turn it is."""
        if self._merging:
            return self._merged(states)
        if not self._pruning or scores is None:
            return states
        import torch

        pictures = torch.nonzero(self._spots != WORD).flatten()
        count = max(1, round(len(pictures) * (1 - self._excess())))
        stays = self._spots == WORD
        stays[pictures[scores[pictures].topk(min(count, len(pictures))).indices]] = True
        self._pruning = False
        numbers = torch.arange(len(stays), device=stays.device)
        return self._keep(states, stays, numbers, torch.ones_like(stays, dtype=torch.float))

    def with_deep_features(self, states: Any, marks: Any, features: Any) -> Any:
        """States plus Qwen3-VL's features of deeper layers; those of merged tokens are averaged as these were."""
        whole = states.new_zeros(len(self._owner), states.shape[-1])
        whole[marks[0]] = features.to(whole.dtype)
        stays = self._owner >= 0
        weighted = (whole * self._weight[:, None].to(whole.dtype))[stays]
        return states + states.new_zeros(states.shape[1:]).index_add_(0, self._owner[stays], weighted)

    def _merged(self, states: Any) -> Any:
        import torch

        order, likeness = likeness_on_spots(states[0], self._spots)
        merged, excess = likeness >= ALIKE, self._excess()
        share = float(merged.sum()) / max(len(order), 1)
        if share < excess:
            self._merged_shares.append(share)
            self._merging = share >= FEW
        else:
            best = likeness.topk(int(excess * len(order))).indices
            merged = torch.zeros_like(merged)
            merged[best] = True
            self._merging = self._pruning = False
        group = torch.cumsum(~merged, 0) - 1
        heads = order[~merged]
        counts = torch.bincount(group, minlength=len(heads))
        sums = states.new_zeros(len(heads), states.shape[-1]).index_add_(0, group, states[0, order])
        states = states.clone()
        states[0, heads] = sums / counts[:, None].to(sums.dtype)
        stays = torch.ones_like(self._spots, dtype=torch.bool)
        stays[order[merged]] = False
        goes_to, parts = torch.arange(len(stays), device=stays.device), torch.ones_like(stays, dtype=torch.float)
        goes_to[order], parts[order] = heads[group], 1 / counts[group]
        return self._keep(states, stays, goes_to, parts)

    def _keep(self, states: Any, stays: Any, goes_to: Any, parts: Any) -> Any:
        import torch

        there = self._owner >= 0
        before = self._owner[there]
        self._weight[there] *= parts[before]
        numbers = torch.where(stays, torch.cumsum(stays, 0) - 1, -1)
        self._owner[there] = numbers[goes_to[before]]
        self._spots = self._spots[stays]
        self.places = tuple(part[..., stays, :] for part in self.places)
        if self.mask is not None:
            self.mask = self.mask[..., stays, :][..., stays]
        return states[:, stays]

    def _excess(self) -> float:
        """The share of the picture tokens that has to go now if the layers above are to stay within the budget.

        1 where the budget is spent, of which the paper's code makes an error.
        """
        left, spent = 1.0, 0.0
        for share in self._merged_shares:
            left *= 1 - share
            spent += left
        layers = self._depth - len(self._merged_shares)
        if layers <= 0:
            return 0.0
        return min(1.0, max(0.0, 1 - (self._depth * self._cost - spent) / (layers * left)))


def likeness_on_spots(states: Any, spots: Any) -> tuple[Any, Any]:
    """Picture tokens by spot and time, and each one's cosine to the one before it on its spot (-2 for the first)."""
    import torch
    from torch.nn import functional

    pictures = torch.nonzero(spots != WORD).flatten()
    order = pictures[torch.argsort(spots[pictures], stable=True)]
    unit = functional.normalize(states[order].float(), dim=-1)
    likeness = unit.new_full((len(order),), -2.0)
    same = spots[order][1:] == spots[order][:-1]
    likeness[1:] = torch.where(same, (unit[1:] * unit[:-1]).sum(-1), likeness[1:])
    return order, likeness


def mean_attention(query: Any, key: Any, asking: int, scaling: float) -> Any:
    """The attention that each token gets from the last `asking`, the mean of all heads; (heads, length, width) each."""
    import torch

    keys = key.repeat_interleave(query.shape[0] // key.shape[0], dim=0).float()
    logits = query[:, -asking:].float() @ keys.transpose(1, 2) * scaling
    rows = logits.shape[1]
    later = torch.ones(rows, logits.shape[2], dtype=torch.bool, device=logits.device)
    hidden = later.triu(logits.shape[2] - rows + 1)
    return torch.softmax(logits.masked_fill(hidden, float("-inf")), dim=-1).mean(dim=(0, 1))
