"""Chat, vision and text models without weights, for tests: fast, deterministic, and true to their contracts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.core.errors import ToolRefused
from app.core.settings import Settings
from app.core.types import Capabilities, Completion, Frame, Message, ToolSpec
from gpu_workers.language.replies import raise_if_stopped
from gpu_workers.registry import Workers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256

FAKE = Capabilities(schema=True)


def words(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"\w+", text.lower())


class FakeTextEmbedder:
    """A bag of hashed words: texts that share words have a positive cosine, and hardly any others do."""

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

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See `TextEmbedder`. Questions are embedded as passages are."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector


class FakeReranker:
    """Scores a passage by the share of the question's words that it contains."""

    model = "fake-reranker@1"
    languages: frozenset[str] = frozenset()

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeReranker:
        """Needs nothing."""
        del settings, workers
        return cls()

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """See `Reranker`."""
        import numpy as np

        terms = set(words(question))
        shares = [len(terms & set(words(passage))) / max(1, len(terms)) for passage in passages]
        return np.array(shares, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ChatRequest:
    """One request to a chat model."""

    messages: tuple[Message, ...]
    max_output: int
    tools: tuple[ToolSpec, ...] = ()
    schema: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """The text of all messages."""
        return "\n".join(message.text for message in self.messages)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The pictures of all messages, in order."""
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, Frame))


Reply = str | Completion
Rule = Callable[[ChatRequest], Reply]
"""Writes the reply to a request."""
Weights = Callable[[Sequence[Message], Sequence[str]], Mapping[str, float]]
"""How probable each label is as the first token of a reply."""


class FakeChat:
    """Replies from a list, then by a rule; records every request in `requests`.

    A reply is a text, a whole completion (with calls, say), or a function of the request. Without a rule it repeats
    the last line of the last message, or writes the smallest JSON that fits the schema.
    """

    model = "fake-chat@1"

    def __init__(
        self,
        replies: Sequence[Reply | Rule] = (),
        rule: Rule | None = None,
        *,
        capabilities: Capabilities = FAKE,
        weights: Weights | None = None,
    ) -> None:
        self._replies = list(replies)
        self._rule = rule or _repeat
        self._weights = weights
        self.capabilities = replace(capabilities, weighs=True) if weights else capabilities
        self.requests: list[ChatRequest] = []

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeChat:
        """Replies by the default rule."""
        del settings, workers
        return cls()

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """See `Chat`. A token is a word, or in JSON four characters."""
        raise_if_stopped(stop)
        request = ChatRequest(tuple(messages), max_output, tuple(tools), schema)
        if request.frames and not self.capabilities.images:
            raise ToolRefused(f"{self.model} does not accept pictures.", "Ask about text only.")
        self.requests.append(request)
        scripted = self._replies.pop(0) if self._replies else self._rule
        reply = scripted(request) if callable(scripted) else scripted
        completion = reply if isinstance(reply, Completion) else _cut(reply, request)
        if on_text is not None and schema is None:
            for piece in re.findall(r"\S+\s*", completion.text):
                on_text(piece)
        return completion

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """See `Chat`. Uses the `weights` function; a label that it leaves out gets 0."""
        if self._weights is None:
            raise ToolRefused(f"{self.model} does not give probabilities.", "Request an answer instead.")
        raise_if_stopped(stop)
        self.requests.append(ChatRequest(tuple(messages), 1))
        weights = self._weights(messages, labels)
        total = sum(weights.values()) or 1.0
        return {label: weights.get(label, 0.0) / total for label in labels}, Completion("", 1, 1)


def _cut(text: str, request: ChatRequest) -> Completion:
    read = len(words(request.text)) + len(request.frames)
    if request.schema is not None:
        start = text[: request.max_output * 4]
        return Completion(start, read, -(-len(start) // 4), finish="stop" if start == text else "length")
    spoken = text.split()
    if len(spoken) <= request.max_output:
        return Completion(text.strip(), read, len(spoken))
    return Completion(" ".join(spoken[: request.max_output]), read, request.max_output, finish="length")


class FakeVisionLanguageModel:
    """Describes the times and mean colours of the frames, by a rule that can be replaced."""

    model = "fake-vision@1"

    def __init__(self, rule: Callable[[Sequence[Frame], str], str] | None = None) -> None:
        self._rule = rule or _describe
        self.questions: list[str] = []

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers) -> FakeVisionLanguageModel:
        """Answers by the default rule."""
        del settings, workers
        return cls()

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        """See `VisionLanguageModel`."""
        raise_if_stopped(stop)
        self.questions.append(question)
        text = self._rule(frames, question)
        return Completion(text, len(words(question)) + len(frames), len(text.split()))

    def first_token_probability(self, frames: Sequence[Frame], question: str, token: str) -> NDArray[np.float64]:
        """See `JudgesFrames`: how bright each frame is, 0 to 1."""
        import numpy as np

        del question, token
        return np.array([frame.image.mean() / 255 for frame in frames], np.float64)


def _repeat(request: ChatRequest) -> str:
    if request.schema is not None:
        return json.dumps(smallest(request.schema))
    lines = request.messages[-1].text.strip().splitlines() if request.messages else []
    return lines[-1] if lines else ""


def _describe(frames: Sequence[Frame], question: str) -> str:
    del question
    seen = []
    for frame in frames:
        red, green, blue = (round(float(value)) for value in frame.image.reshape(-1, 3).mean(axis=0))
        seen.append(f"At {frame.pts_s:.1f} s the mean colour is {red}, {green}, {blue}.")
    return " ".join(seen) or "There are no frames."


def smallest(schema: Mapping[str, Any]) -> Any:
    """The simplest value that fits a JSON schema: first option, empty text, least number, required members."""
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
