"""Which of the questions that code can answer does a question ask, in any language? It is compared with the examples in
`known_questions.toml` in the space of the text embedder.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.core.ports import TextEmbedder

Fact = TypeVar("Fact")
_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class KnownQuestions:
    """Examples of questions about one subject; "{}" in them stands for the name of a thing or a sound."""

    facts: Mapping[str, Sequence[str]]
    """The facts that code can compute, each with questions that ask for it."""
    other: Sequence[str]
    """Questions about the same that no such fact answers."""
    only: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """By name, more questions that ask for a fact about that name alone."""

    def nearness(
        self, question: str, embedder: TextEmbedder, names: Sequence[str] = ("",)
    ) -> tuple[dict[str, float], float]:
        """How near a question about one of these names is to each fact, and to what code cannot answer: the cosine of
        the nearest example."""
        vector = embedder.embed_query(question)

        def nearest(examples: Sequence[str], fact: str = "") -> float:
            texts = {
                text.format(name) for name in names for text in (*examples, *self.only.get(name, {}).get(fact, ()))
            }
            return max(float(example_vector(embedder.embed_query, text) @ vector) for text in texts)

        return {fact: nearest(examples, fact) for fact, examples in self.facts.items()}, nearest(self.other)


def clearest(
    near: Mapping[Fact, float], other: float, clearer: float, distinct: float = 0.0, least: float = -1.0
) -> Fact | None:
    """The fact that a question is nearest to: by `clearer` nearer than to what code cannot answer (`other`), by
    `distinct` nearer than to any other fact, and at least as near as `least`. None where there is none."""
    best, *rest = sorted(near, key=lambda fact: -near[fact])
    others = [near[fact] + distinct for fact in rest[:1]]
    return best if near[best] >= max(least, other + clearer, *others) else None


@functools.cache
def known_questions(subject: str) -> KnownQuestions:
    """The examples about things, sounds, or regions."""
    return KnownQuestions(**tomllib.loads(_FILE.read_text("utf-8"))[subject])


@functools.lru_cache(maxsize=4096)
def example_vector(embed: Callable[[str], NDArray[np.float32]], example: str) -> NDArray[np.float32]:
    """The vector of an example; the same few are compared with every question."""
    return embed(example)
