"""What a language model reads of pictures: fewer tokens, and the true times of a video's frames.

transformers' vision-language models turn pictures into tokens in `get_image_features` (`get_video_features`) and give
each token a position in `get_rope_index`. For the length of one answer these two entries are answered with what was
worked out here; all else, deep features and decoding too, is the model's own way.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import Any

from app.core.errors import BadSettings
from gpu_workers.vision.token_attention import attention_of_words, most_attended
from gpu_workers.vision.token_fusion import fused, spots_of
from gpu_workers.vision.token_pooling import Grid, reduced
from gpu_workers.vision.token_pruning import pruned

FEATURE_CHOICES = ("vision_feature_layer", "vision_feature_select_strategy")
"""What LLaVA's models take from their configuration when they work out features."""
Times = Sequence[Sequence[float]]
"""For each prompt the times of its frames, seconds."""
Choose = Callable[[int, Sequence[Any]], list[tuple[Any, Any]]]
"""For a prompt's number and the tokens of its frames: for each frame the places that stay and their vectors."""


@contextmanager
def shown(
    model: Any, inputs: Mapping[str, Any], keep: float, times_s: Times | None = None, *, by: str = "density"
) -> Iterator[dict[str, Any]]:
    """Inputs for `generate` with a share `keep` of the picture tokens; good only inside the context.

    The tokens that stay are chosen by their density (`token_pruning`), by the words' attention (`token_attention`), or
    as LongVU reduces them (`token_pooling`). With `framefusion`, all are in the inputs of one prompt, and become fewer
    from layer to layer (`token_fusion`). With `times_s` the frames of each prompt are one video, and where the model
    counts time in positions (Qwen2.5-VL) they stand at their true times, of which its own counting knows only an even
    rate in whole seconds.
    """
    import torch

    core = model.model
    kind = "video" if "pixel_values_videos" in inputs else "image"
    if kind == "image" and "pixel_values" not in inputs:
        yield dict(inputs)
        return
    places = (inputs["input_ids"] == getattr(core.config, f"{kind}_token_id")) & (inputs["attention_mask"] == 1)
    features = _called(core, f"get_{kind}_features", inputs)
    frames, deep = _parted(features, inputs, kind)
    # LLaVA-OneVision puts a mark after each video, here after each frame, once its features have been worked out.
    ended = kind == "video" and hasattr(core, "image_newline") and isinstance(features, torch.Tensor)
    if ended:
        frames = [torch.cat([frame, core.image_newline[None]]) for frame in frames]
    is_text = (inputs["attention_mask"] == 1) & ~places
    choose: Choose = lambda _, seen: pruned(seen, 1.0 if by == "framefusion" else keep)  # noqa: E731
    if by == "attention" and keep < 1:
        with _answering(core, {f"get_{kind}_features": features}):
            scores = attention_of_words(model, inputs, places)
        choose = lambda row, seen: most_attended(seen, scores[row], keep, int(ended))  # noqa: E731
    if by == "longvu":
        choose = _reduced(model, inputs, places, _grids(frames, inputs, kind, int(ended)), keep)
    vectors, numbers = _pruned(frames, places, is_text, choose, int(ended))
    fewer = vectors[None, :-1] if ended else _packed(features, vectors, [layer[numbers] for layer in deep])
    entries = {f"get_{kind}_features": fewer}
    changed = _aligned(inputs, is_text)
    if hasattr(core, "get_rope_index"):
        entries["get_rope_index"] = _positions(core, inputs, places, is_text, times_s)
    fusing: Any = nullcontext()
    if by == "framefusion" and keep < 1:
        fusing = fused(model, spots_of(places[0], [len(frame) for frame in frames]), keep)
    with _answering(core, entries), fusing:
        yield changed


@contextmanager
def _answering(core: Any, entries: Mapping[str, Any]) -> Iterator[None]:
    """Lets methods of one object give fixed results."""
    for name, result in entries.items():
        setattr(core, name, lambda *_, result=result, **__: result)
    try:
        yield
    finally:
        for name in entries:
            delattr(core, name)


def _called(core: Any, name: str, inputs: Mapping[str, Any]) -> Any:
    """A method of the model with what it takes of the inputs and of the configuration."""
    method = getattr(core, name)
    arguments = {key: getattr(core.config, key) for key in FEATURE_CHOICES if hasattr(core.config, key)} | dict(inputs)
    arguments.setdefault("pixel_values", inputs.get("pixel_values_videos"))
    return method(**{key: arguments[key] for key in inspect.signature(method).parameters if key in arguments})


def _parted(features: Any, inputs: Mapping[str, Any], kind: str) -> tuple[list[Any], list[Any]]:
    """The tokens of each frame, shape (n, d), and the deep features of all (Qwen3-VL), as a model gives them."""
    import torch

    deep: list[Any] = []
    if isinstance(features, tuple) and not isinstance(features[0], torch.Tensor):
        features, deep = features
    if kind == "image":
        return list(features), deep
    if "video_grid_thw" not in inputs:
        # Each video is one frame (see `frame_format`).
        return [video.reshape(-1, video.shape[-1]) for video in features], deep
    lengths = inputs["video_grid_thw"][:, 0].tolist()
    return [frame for video, count in zip(features, lengths, strict=True) for frame in video.chunk(count)], deep


def _grids(frames: Sequence[Any], inputs: Mapping[str, Any], kind: str, ends: int) -> list[Grid]:
    """Rows and columns of each frame's tokens. Raises BadSettings where a model puts them in no such order."""
    if f"{kind}_grid_thw" in inputs:
        shapes = [(rows, columns) for count, rows, columns in inputs[f"{kind}_grid_thw"].tolist() for _ in range(count)]
        # Squares of patches become one token.
        merge = [
            math.isqrt(rows * columns // len(frame)) for (rows, columns), frame in zip(shapes, frames, strict=True)
        ]
        return [(rows // side, columns // side) for (rows, columns), side in zip(shapes, merge, strict=True)]
    sides = [math.isqrt(len(frame) - ends) for frame in frames]
    if any(side * side != len(frame) - ends for side, frame in zip(sides, frames, strict=True)):
        raise BadSettings(
            "LongVU's steps need frames whose tokens lie in rows and columns.",
            "Set LONGREEL_VISION__TOKENS_BY=density or attention, or LONGREEL_VLM_PRESENTATION=interleaved.",
        )
    return [(side, side) for side in sides]


def _reduced(model: Any, inputs: Mapping[str, Any], places: Any, grids: Sequence[Grid], keep: float) -> Choose:
    """LongVU's choice, by the words after each prompt's frames; prompts come in order."""
    import torch

    left = iter(grids)

    def choose(row: int, seen: Sequence[Any]) -> list[tuple[Any, Any]]:
        after = int(torch.nonzero(places[row])[-1]) + 1 if len(seen) else 0
        words = model.get_input_embeddings()(inputs["input_ids"][row, after:])
        return reduced(seen, list(islice(left, len(seen))), words, keep)

    return choose


def _pruned(frames: Sequence[Any], places: Any, is_kept: Any, choose: Choose, ends: int) -> tuple[Any, Any]:
    """The vectors that stay and their numbers among all; marks in `is_kept` which of the `places` stay.

    The last `ends` tokens of each frame stay as they are.
    """
    import torch

    vectors, numbers, passed, used = [], [], 0, 0
    for row, count in enumerate(places.sum(dim=1).tolist()):
        first = used
        while sum(map(len, frames[first:used])) < count:
            used += 1
        start = passed
        seen = [frame[: len(frame) - ends] for frame in frames[first:used]]
        for frame, (stays, tokens) in zip(frames[first:used], choose(row, seen), strict=True):
            last = torch.arange(len(frame) - ends, len(frame), device=stays.device)
            vectors.append(torch.cat([tokens, frame[last]]))
            numbers.append(torch.cat([stays, last]) + passed)
            passed += len(frame)
        if used > first:
            is_kept[row, torch.nonzero(places[row]).flatten()[torch.cat(numbers[first:]) - start]] = True
    return torch.cat(vectors), torch.cat(numbers)


def _packed(features: Any, vectors: Any, deep: Sequence[Any]) -> Any:
    """The vectors in the form in which the model gave all features."""
    import torch

    if isinstance(features, torch.Tensor):
        return vectors[:, None]
    if deep:
        return (vectors,), list(deep)
    return (vectors[None] if features[0].ndim == 3 else vectors,)


def _aligned(inputs: Mapping[str, Any], is_kept: Any) -> dict[str, Any]:
    """The inputs with what is kept of each prompt, filled up on the left to one length."""
    ids = inputs["input_ids"]
    changed = dict(inputs)
    for name, value in inputs.items():
        if hasattr(value, "shape") and value.shape == ids.shape:
            # Where there was room on the left, its first entry fills up; elsewhere the mask hides what does.
            changed[name] = _left(value, is_kept, 0 if name == "attention_mask" else value[0, 0])
    return changed


def _left(values: Any, is_kept: Any, filling: Any) -> Any:
    """Rows of `values` where `is_kept`, moved to the right of rows of the longest length."""
    counts = is_kept.sum(dim=1).tolist()
    padded = values.new_full((len(counts), max(counts)), int(filling))
    for row, count in enumerate(counts):
        padded[row, max(counts) - count :] = values[row, is_kept[row]]
    return padded


def _positions(
    core: Any, inputs: Mapping[str, Any], places: Any, is_kept: Any, times_s: Times | None
) -> tuple[Any, Any]:
    """Positions, shape (3, prompts, length), of what is kept, and by how much they run ahead of the length.

    With `times_s` the tokens of each frame are at its time after the first frame, where the model counts seconds; what
    follows starts after the last of them.
    """
    import torch

    positions, _ = _called(core, "get_rope_index", inputs)
    if times_s is not None and hasattr(core.config.vision_config, "tokens_per_second"):
        a_second = float(core.config.vision_config.tokens_per_second)
        for row, times in enumerate(times_s):
            where = torch.nonzero(places[row]).flatten()
            if not len(where):
                continue
            steps = torch.tensor([round((time_s - times[0]) * a_second) for time_s in times], device=positions.device)
            before = positions[:, row, where].max()
            positions[0, row, where] = positions[0, row, where[0]] + steps.repeat_interleave(len(where) // len(times))
            positions[:, row, where[-1] + 1 :] += positions[:, row, where].max() - before
    read = inputs["attention_mask"]
    stacked = torch.stack([_left(axis, is_kept, 1) for axis in positions])
    last = positions.amax(dim=0).masked_fill(read != 1, 0).amax(dim=1)
    return stacked, (last + 1 - stacked.shape[-1]).unsqueeze(1)
