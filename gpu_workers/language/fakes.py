"""Language, vision and text models without weights, for tests: quick, deterministic, within their contracts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.core.errors import Cancelled
from app.core.settings import Settings
from app.core.types import Completion, Frame, Message
from gpu_workers.registry import Workers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256

Rule = Callable[[Sequence[Message], Mapping[str, Any] | None], str]
"""Writes the answer to a prompt; gets the JSON schema when there is one."""


def words(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"\w+", text.lower())


class FakeTextEmbedder:
    """A bag of hashed words: texts that share words have a positive cosine, and only nearly those."""

    model = "fake-words@1"

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeTextEmbedder:
        """Needs nothing."""
        del settings, workers
        return cls()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`. A text without words gets a direction of its own."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text) or ["\N{EMPTY SET}"]:
                digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % DIMENSIONS] += 1.0
        lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths if len(texts) else vectors


class FakeLanguageModel:
    """Answers from a list, then by a rule; remembers every prompt in `prompts`.

    Without a rule it repeats the last line of the last message, or writes the smallest JSON that fits the schema.
    """

    model = "fake-language@1"

    def __init__(self, replies: Sequence[str] = (), rule: Rule | None = None) -> None:
        self._replies = list(replies)
        self._rule = rule or _repeat
        self.prompts: list[tuple[Message, ...]] = []

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeLanguageModel:
        """Answers by the default rule."""
        del settings, workers
        return cls()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """See `LanguageModel`. A token is a word, or in JSON four characters."""
        if stop is not None and stop():
            raise Cancelled("The language model was stopped before its answer was finished.")
        self.prompts.append(tuple(messages))
        text = self._replies.pop(0) if self._replies else self._rule(messages, schema)
        read = sum(len(words(message.content)) for message in messages)
        if schema is not None:
            text = text[: max_tokens * 4]
            return Completion(text, read, -(-len(text) // 4))
        spoken = text.split()[:max_tokens]
        return Completion(" ".join(spoken), read, len(spoken))


class FakeVisionLanguageModel:
    """Says how many frames it saw, when, and their mean colours, by a rule that can be replaced."""

    model = "fake-vision@1"

    def __init__(self, rule: Callable[[Sequence[Frame], str], str] | None = None) -> None:
        self._rule = rule or _describe
        self.questions: list[str] = []

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeVisionLanguageModel:
        """Answers by the default rule."""
        del settings, workers
        return cls()

    def look(self, frames: Sequence[Frame], question: str) -> Completion:
        """See `VisionLanguageModel`."""
        self.questions.append(question)
        text = self._rule(frames, question)
        return Completion(text, len(words(question)) + len(frames), len(text.split()))


def _repeat(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> str:
    if schema is not None:
        return json.dumps(smallest(schema))
    lines = messages[-1].content.strip().splitlines() if messages else []
    return lines[-1] if lines else ""


def _describe(frames: Sequence[Frame], question: str) -> str:
    del question
    seen = []
    for frame in frames:
        red, green, blue = (round(float(value)) for value in frame.image.reshape(-1, 3).mean(axis=0))
        seen.append(f"At {frame.pts_s:.1f} s the mean colour is {red}, {green}, {blue}.")
    return " ".join(seen) or "There are no frames."


def smallest(schema: Mapping[str, Any]) -> Any:
    """The simplest value that fits a JSON schema: first choice, empty text, least number, required members."""
    for choices in ("enum", "anyOf", "oneOf"):
        if choices in schema:
            first = schema[choices][0]
            return first if choices == "enum" else smallest(first)
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        members = schema.get("properties", {})
        return {name: smallest(members.get(name, {})) for name in schema.get("required", members)}
    if kind == "array":
        return [smallest(schema.get("items", {})) for _ in range(int(schema.get("minItems", 0)))]
    if kind == "string":
        return "x" * int(schema.get("minLength", 0))
    return {"integer": int(schema.get("minimum", 0)), "number": float(schema.get("minimum", 0)), "boolean": False}.get(
        kind
    )
