"""Compares two modes on the same questions: the difference, and whether chance explains it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.evaluation.metrics.scores import Z_95


@dataclass(frozen=True, slots=True)
class Paired:
    """How two modes differ in accuracy over the questions that both were asked."""

    questions: int
    first_only: int
    """Questions that only the first mode got right."""
    second_only: int
    difference: float
    """Accuracy of the first less that of the second, -1 to 1."""
    interval: tuple[float, float]
    """Of 95 %: the adjusted Wald interval of Bonett and Price (J. Educ. Behav. Stat. 37, 2012)."""
    p: float
    """Two-sided, of McNemar's exact test: how often chance alone gives a difference as great as this."""


def paired(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """Compares whether answers are right, question by question. Raises ValueError for lists of unlike lengths."""
    pairs = list(zip(first, second, strict=True))
    total = len(pairs)
    one, other = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    first_share, second_share = (one + 1) / (total + 2), (other + 1) / (total + 2)
    middle = first_share - second_share
    half = Z_95 * math.sqrt(max(0.0, first_share + second_share - middle * middle) / (total + 2))
    interval = max(-1.0, middle - half), min(1.0, middle + half)
    differing = one + other
    tail = sum(math.comb(differing, count) for count in range(min(one, other) + 1))
    mcnemar = min(1.0, 2 * tail / (1 << differing))
    return Paired(total, one, other, (one - other) / total if total else 0.0, interval, mcnemar)
