"""How much a question attends to each picture token, by one layer of the language model, after FlexSelect.

FlexSelect (arXiv 2506.00993, without its trained selector) runs the model up to a reference layer, takes the attention
of the words after the pictures to each picture token, the greatest of all heads and words, and lets the model read the
tokens with the most. Here the layers below the reference layer read all tokens at once, not frames in groups.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

PUBLISHED = {"qwen2_5_vl": 20 / 28, "internvl": 15 / 32}
"""The reference layer as a share of the depth, for the models that the paper tried and that load here."""
ELSEWHERE = 0.7
"""For others: about what it is in LLaVA-Video (19 of 28) and Qwen2.5-VL."""


class _Read(Exception):
    """Ends the run through the model once the layer's attention has been read; the layers above are not needed."""


def reference_layer(model: Any) -> int:
    """The number of the layer whose attention counts, from 0: near the reference one, and one that sees all words."""
    depth = len(decoder_layers(model))
    layer = PUBLISHED.get(model.config.model_type, ELSEWHERE) * depth
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or ["full_attention"] * depth
    whole = [number for number, kind in enumerate(kinds) if kind == "full_attention"]
    return min(whole or range(depth), key=lambda number: abs(number - layer))


def attention_of_words(model: Any, inputs: Mapping[str, Any], places: Any) -> list[Any]:
    """For each prompt, the attention that each of its picture tokens gets, in order; empty where it has none.

    `places`, shape (prompts, length), marks the picture tokens. Prompts are filled up on the left.
    """
    attention: list[Any] = []

    def read(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> Any:
        del module, value, attention_mask
        for row, marked in enumerate(places):
            keys = key[row].repeat_interleave(query.shape[1] // key.shape[1], dim=0)
            attention.append(_greatest(query[row], keys, marked, inputs["attention_mask"][row], options["scaling"]))
        raise _Read

    with attending(decoder_layers(model)[reference_layer(model)].self_attn, read):
        try:
            model.model(**inputs, use_cache=False)
        except _Read:
            return attention
    raise RuntimeError(f"{model.config.model_type} does not use transformers' attention functions.")


@contextmanager
def attending(attention: Any, function: Callable[..., Any]) -> Iterator[None]:
    """Lets one layer's attention use a function in place of transformers' own."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    usual, name = attention.config, f"read-{id(attention)}"
    attention.config = copy.copy(usual)
    attention.config._attn_implementation_internal = name
    ALL_ATTENTION_FUNCTIONS[name] = function
    try:
        yield
    finally:
        attention.config = usual
        del ALL_ATTENTION_FUNCTIONS[name]


def most_attended(frames: Sequence[Any], attention: Any, keep: float, ends: int = 0) -> list[tuple[Any, Any]]:
    """For each frame of a prompt, the places among its tokens that get the most attention, and their vectors.

    A share `keep` of all tokens stays, wherever it lies. In `attention` each frame has `ends` tokens more at its end.
    """
    import torch

    lengths = [len(frame) for frame in frames]
    parts = attention.split([length + ends for length in lengths])
    scores = torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])
    stays = torch.zeros(len(scores), dtype=torch.bool, device=scores.device)
    stays[scores.topk(max(1, int(keep * len(scores)))).indices] = True
    marks = stays.split(lengths)
    return [(torch.nonzero(mark).flatten(), frame[mark]) for frame, mark in zip(frames, marks, strict=True)]


def decoder_layers(model: Any) -> Any:
    """The layers of a vision-language model's language model."""
    core = model.model
    return (core.language_model if hasattr(core, "language_model") else core.text_model).layers


def _greatest(query: Any, key: Any, marked: Any, read: Any, scaling: float) -> Any:
    """For one prompt, (heads, length, width) each, the greatest attention of a word after the pictures."""
    import torch

    where = torch.nonzero(marked).flatten()
    if not len(where):
        return query.new_zeros(0)
    first = int(where[-1]) + 1
    logits = query[:, first:].float() @ key.float().transpose(1, 2) * scaling
    places = torch.arange(key.shape[1], device=key.device)
    hidden = (places[None, :] > places[first:, None]) | (read == 0)[None, :]
    weights = torch.softmax(logits.masked_fill(hidden, float("-inf")), dim=-1)
    return weights[:, :, where].amax(dim=(0, 1))
