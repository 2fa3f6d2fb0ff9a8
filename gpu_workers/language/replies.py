"""Parses a model's raw text: thinking, a fence around the text, JSON, and the visible part."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.core.errors import Cancelled, WorkerFailed
from app.core.paths import readable

_TAGS = r"think|thinking|thought|reasoning"
_THOUGHT = re.compile(rf"<({_TAGS})>.*?</\1>|\[THINK\].*?\[/THINK\]", re.S | re.I)
_UNOPENED = re.compile(rf"\A.*(?:</(?:{_TAGS})>|\[/THINK\])", re.S | re.I)
_UNCLOSED = re.compile(rf"(?:<(?:{_TAGS})>|\[THINK\]).*\Z", re.S | re.I)
_FENCE = re.compile(r"\A```[\w-]*[ \t]*\n(.*?)\n?```\Z", re.S)
_INNER_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?```", re.S)
_PARTIAL_TAG = re.compile(r"[<\[]/?[A-Za-z_]{0,12}\Z")
CALL_TAG = "<tool_call>"
TOO_DEEP = "it is nested too deeply"


def raise_if_stopped(stop: Callable[[], bool] | None) -> None:
    """Raises Cancelled if nobody wants the reply any more."""
    if stop is not None and stop():
        raise Cancelled("The model was stopped before its answer was finished.")


def ends_unopened_thought(text: str) -> bool:
    """Whether a text closes a thinking block that it never opened, as models do when the prompt opens it."""
    return bool(_UNOPENED.match(_THOUGHT.sub("", text)))


def without_thinking(text: str) -> str:
    """The text without thinking blocks, complete or cut off, opened or not."""
    return _UNCLOSED.sub("", _UNOPENED.sub("", _THOUGHT.sub("", text)))


def visible(text: str) -> str:
    """The visible part of a complete reply: no thinking, no byte order mark, no fence around the whole."""
    clean = without_thinking(text.lstrip("\ufeff")).strip()
    fenced = _FENCE.match(clean)
    return fenced.group(1).strip() if fenced else clean


class VisibleText:
    """Streams the visible pieces of a reply. Text that may still turn out to be hidden is held back."""

    def __init__(self, *, tools: bool) -> None:
        """With `tools`, a text that begins as JSON is held back: it may be a call."""
        self._held = ("```", "{", "[") if tools else ("```",)
        self._raw = ""
        self._given = ""

    def feed(self, piece: str) -> str:
        """The text that a new raw piece makes visible."""
        self._raw += piece
        text = without_thinking(self._raw.lstrip("\ufeff")).partition(CALL_TAG)[0]
        text = _PARTIAL_TAG.sub("", text).strip()
        if text.startswith(self._held) or "```".startswith(text):
            return ""
        return self._advance(text)

    def finish(self, text: str) -> str:
        """The rest of the final text."""
        return self._advance(text)

    def _advance(self, text: str) -> str:
        if not text.startswith(self._given):
            return ""
        new, self._given = text[len(self._given) :], text
        return new


def json_value(text: str) -> Any:
    """The JSON value in a reply, even inside a fence or between words. Raises ValueError."""
    clean = visible(text)
    inner = _INNER_FENCE.search(clean)
    for candidate in [clean, *([inner.group(1)] if inner else [])]:
        try:
            return json.loads(candidate)
        except ValueError:
            continue
        except RecursionError as error:
            raise ValueError(TOO_DEEP) from error
    start = min((at for at in (clean.find("{"), clean.find("[")) if at >= 0), default=-1)
    if start < 0:
        raise ValueError("it is not JSON")
    try:
        return json.JSONDecoder().raw_decode(clean[start:])[0]
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not valid JSON ({error.msg} at character {error.pos})") from error


def fitting_json(text: str, schema: Mapping[str, Any]) -> str:
    """The JSON of a reply, checked against a schema. Raises ValueError with the fault, WorkerFailed on a bad schema."""
    import jsonschema

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise WorkerFailed(f"The JSON schema cannot be used: {error.message}", "Correct the schema.") from error
    value = json_value(text)
    try:
        fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
        if fault is None:
            return readable(json.dumps(value, ensure_ascii=False))
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    raise ValueError(f"at {fault.json_path}: {fault.message[:300]}")


def shares(likeliest: Iterable[Mapping[str, Any]], labels: Sequence[str]) -> dict[str, float]:
    """The probability of each label among the likeliest tokens, each `{"token": ..., "logprob": ...}`; the sum is 1.

    Case is ignored. If no label is among them, all get the same value.
    """
    weights = dict.fromkeys((label.lower() for label in labels), 0.0)
    for token in likeliest:
        label = str(token.get("token", "")).strip().lower()
        if label in weights:
            weights[label] += math.exp(float(token["logprob"]))
    total = sum(weights.values())
    return {label: weights[label.lower()] / total if total else 1 / len(labels) for label in labels}
