"""Whether confidence means what it says: of answers with confidence 0.8, are eight in ten right?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from app.evaluation.metrics.scores import JudgedCase, with_truth

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence lies in [low, high), the last bin with its upper border."""

    low: float
    high: float
    answers: int
    confidence: float
    """Mean."""
    right: float
    """Share."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that hold answers, and the expected calibration error (Naeini et al., AAAI 2015), 0 to 1."""

    answers: int
    error: float | None
    bins: tuple[Bin, ...]


def answers_of(judged: Iterable[JudgedCase]) -> list[tuple[float, bool]]:
    """The confidence of each answer to a question with a known truth, and whether it is right.

    Neither refusals nor answers without a confidence count.
    """
    answers = [one for one in with_truth(judged) if one.result.answered]
    return [(one.result.confidence, one.right) for one in answers if one.result.confidence is not None]


def reliability(
    judged: Iterable[JudgedCase], *, shown: Callable[[float], float] = lambda confidence: confidence
) -> Reliability:
    """Of `answers_of`, in ten bins of equal width. `shown`: what users see of a confidence."""
    answers = [(shown(confidence), right) for confidence, right in answers_of(judged)]
    bins = binned(answers, BINS)
    error = sum(b.answers * abs(b.confidence - b.right) for b in bins) / len(answers) if answers else None
    return Reliability(len(answers), error, bins)


def binned(answers: Sequence[tuple[float, bool]], count: int) -> tuple[Bin, ...]:
    """Bins of equal width that hold answers, by (confidence, right)."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(count)]
    for confidence, right in answers:
        groups[min(count - 1, max(0, int(confidence * count)))].append((confidence, right))
    return tuple(
        Bin(
            place / count,
            (place + 1) / count,
            len(group),
            fmean(confidence for confidence, _ in group),
            fmean(right for _, right in group),
        )
        for place, group in enumerate(groups)
        if group
    )
