"""Recognizes, in any language, what a question asks for: one of the few things that code can answer, or something that
has to be seen. A small classifier over the vectors of questions; `benchmarks/question_classifier.py` fits and measures
it, and its weights lie beside this module.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.ports import TextEmbedder

WEIGHTS = Path(__file__).with_suffix(".npz")
SURE = 1.0
"""Log-odds of a kind against "something else" from which a question counts as of that kind. One that is taken wrongly
gets a useless answer, or for `SEEN` perhaps none; one that is missed goes to the model like any other."""


class AskedFor(StrEnum):
    """What code can answer, and what has to be seen."""

    MOMENT = "moment"
    """When something is said or shown."""
    MENTIONED = "mentioned"
    """Whether something is said or shown at all."""
    TIMES_SAID = "times said"
    """How often a term is said."""
    TIMES_SHOWN = "times shown"
    """How often a term is written on the screen; not how often a thing is seen."""
    FIRST_SAID = "first said"
    LAST_SAID = "last said"
    FIRST_SHOWN = "first shown"
    """The first text on the screen."""
    LAST_SHOWN = "last shown"
    ORDER = "order"
    """Which of several things is said or shown first, or in which order they come."""
    LENGTH = "length"
    """How long the video is."""
    SEEN = "seen"
    """Something that only the pictures show, such as a colour, clothes, a movement or a position."""


@dataclass(frozen=True, slots=True)
class QuestionClassifier:
    """A network with one hidden layer; its outputs are "something else", then the members of `AskedFor`."""

    model: str
    """The text embedder whose vectors it was fitted to."""
    hidden: NDArray[np.float32]
    """Shape (h, d + 1), the bias last."""
    output: NDArray[np.float32]
    """Shape (n + 1, h + 1), the bias last."""

    @classmethod
    def read(cls, file: Path = WEIGHTS) -> QuestionClassifier:
        """The classifier with its fitted weights."""
        with np.load(file) as arrays:
            hidden, output = (arrays[name].astype(np.float32) for name in ("hidden", "output"))
            return cls(str(arrays["model"]), hidden, output)

    def write(self, file: Path = WEIGHTS) -> None:
        """Saves it for the product, in half precision."""
        np.savez_compressed(
            file, model=self.model, hidden=self.hidden.astype(np.float16), output=self.output.astype(np.float16)
        )

    def asked_for(self, question: str, embedder: TextEmbedder) -> AskedFor | None:
        """What a question asks for; None where it is something else, or another embedder is in use."""
        return self.kind(embedder.embed_query(question)) if embedder.model == self.model else None

    def kind(self, vector: NDArray[np.float32]) -> AskedFor | None:
        """What a question with this vector, shape (d,), asks for."""
        inside = np.maximum(self.hidden @ np.append(vector, 1), 0)
        other, *kinds = self.output @ np.append(inside, 1)
        best = int(np.argmax(kinds))
        return list(AskedFor)[best] if kinds[best] - other > SURE else None


@functools.cache
def question_classifier() -> QuestionClassifier:
    """The classifier of the product."""
    return QuestionClassifier.read()
