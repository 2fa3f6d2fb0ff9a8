"""Greedy generation with a transformers model, for one or several prompts, optionally bound to a JSON schema."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import WorkerFailed
from gpu_workers.language.replies import raise_if_stopped


def tidy(model: Any, tokenizer: Any) -> None:
    """Makes `generate` greedy, whatever the weights' own settings say; keeps only their stop tokens."""
    from transformers import GenerationConfig

    own = model.generation_config
    stops = _numbers(own.eos_token_id) + _numbers(tokenizer.eos_token_id)
    pad = next((n for n in (tokenizer.pad_token_id, own.pad_token_id, *stops) if n is not None), None)
    model.generation_config = GenerationConfig(
        do_sample=False,
        eos_token_id=list(dict.fromkeys(stops)) or None,
        pad_token_id=pad,
        bos_token_id=own.bos_token_id,
    )
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None and pad is not None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad)


def longest(model: Any) -> int:
    """The most tokens of prompt and answer together that the model supports."""
    return int(model.config.get_text_config().max_position_embeddings)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an answer: its length in tokens, a JSON schema, a stop check, and a listener."""

    max_tokens: int
    schema: Mapping[str, Any] | None = None
    stop: Callable[[], bool] | None = None
    on_text: Callable[[str], None] | None = None


def write(model: Any, tokenizer: Any, inputs: Mapping[str, Any], limits: Limits) -> list[tuple[str, int]]:
    """The text and its token count for each prompt. A schema or a listener needs a single prompt. Raises Cancelled."""
    read = inputs["input_ids"].shape[1]
    steps: list[Callable[[Any, Any], Any]] = []
    if limits.stop is not None:
        raise_if_stopped(limits.stop)
        steps.append(_Stoppable(limits.stop))
    if limits.schema is not None:
        steps.append(Bound(tokenizer, limits.schema, int(model.get_output_embeddings().weight.shape[0]), read))
    options = {} if limits.on_text is None else {"streamer": _streamer(tokenizer, limits.on_text)}
    rows = model.generate(**inputs, max_new_tokens=limits.max_tokens, logits_processor=steps, **options)
    rows = rows[:, read:].tolist()
    ends = {*_numbers(model.generation_config.eos_token_id), model.generation_config.pad_token_id}
    written = [list(itertools.takewhile(lambda token: token not in ends, row)) for row in rows]
    texts = tokenizer.batch_decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [(str(text).strip(), len(row)) for text, row in zip(texts, written, strict=True)]


def likeliest(model: Any, tokenizer: Any, inputs: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The likeliest first tokens of the answer to a prompt, with their log-probabilities."""
    import torch

    odds = torch.log_softmax(model(**inputs, logits_to_keep=1).logits[0, -1].float(), dim=-1).topk(count)
    tokens = tokenizer.batch_decode(odds.indices[:, None], clean_up_tokenization_spaces=False)
    return [{"token": token, "logprob": value} for token, value in zip(tokens, odds.values.tolist(), strict=True)]


def first_token_probabilities(model: Any, tokenizer: Any, inputs: Mapping[str, Any], token: str) -> list[float]:
    """For each of several prompts, the probability of `token` among all first tokens of the answer."""
    import torch

    written = model.generate(**inputs, max_new_tokens=1, output_logits=True, return_dict_in_generate=True)
    odds = torch.softmax(written.logits[0].float(), dim=-1)
    number = tokenizer.encode(token, add_special_tokens=False)[-1]
    return [float(value) for value in odds[:, number].tolist()]


def _streamer(tokenizer: Any, on_text: Callable[[str], None]) -> Any:
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            del stream_end
            on_text(text)

    return Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True, clean_up_tokenization_spaces=False)


class _Stoppable:
    """Checks before every token whether the answer is still wanted."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        del input_ids
        raise_if_stopped(self._stop)
        return scores


class Bound:
    """Allows only tokens with which the text can still become JSON that fits a schema (llguidance)."""

    def __init__(self, tokenizer: Any, schema: Mapping[str, Any], vocabulary: int, prompt_tokens: int) -> None:
        import llguidance.hf

        options: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(dict(schema)), defaults=options)
        words = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)
        self._stop = int(tokenizer.eos_token_id)
        self._read = prompt_tokens
        self._matcher = llguidance.LLMatcher(words, grammar)
        if self._matcher.is_error():
            raise WorkerFailed(f"The JSON schema cannot be used: {self._matcher.get_error()}", "Correct the schema.")

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Sets the scores, shape (1, vocabulary), of tokens that would break the schema to minus infinity."""
        import numpy as np
        import torch

        if input_ids.shape[1] > self._read and not self._matcher.is_stopped():
            self._matcher.consume_token(int(input_ids[0, -1]))
        if self._matcher.is_error():
            raise WorkerFailed(f"The text does not fit the JSON schema: {self._matcher.get_error()}", "Report it.")
        width = scores.shape[1]
        if self._matcher.is_stopped():
            allowed = np.zeros(width, dtype=bool)
            allowed[self._stop] = True
        else:
            bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
            allowed = np.zeros(width, dtype=bool)
            unpacked = np.unpackbits(bits, bitorder="little")[:width]
            allowed[: len(unpacked)] = unpacked
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))


def _numbers(value: Any) -> list[int]:
    if value is None:
        return []
    return [int(number) for number in value] if isinstance(value, list | tuple) else [int(value)]
