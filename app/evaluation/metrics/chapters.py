"""How well chapters fit given ones: their borders, and their borders together with their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.evaluation.cases import Titled

WITHIN_S = 5.0
"""How far a found border may be from the given one; VidChapters-7M (arXiv 2309.13952) uses 3 and 5 s."""


@dataclass(frozen=True, slots=True)
class ChapterScores:
    """How the chapters of one video fit the given ones; borders are the starts of all chapters but the first."""

    video: str
    given: int
    found: int
    precision: float
    recall: float
    f1: float
    soda_c: float


def chapter_scores(video: str, predicted: Sequence[Titled], truth: Sequence[Titled]) -> ChapterScores:
    """Border F1 within five seconds, and SODA_c with the titles' words."""
    precision, recall, f1 = boundary_f1(_borders(predicted), _borders(truth), WITHIN_S)
    return ChapterScores(
        video, len(truth), len(predicted), precision, recall, f1, soda_c(sorted(predicted), sorted(truth))
    )


def _borders(chapters: Sequence[Titled]) -> list[float]:
    return [span.start_s for span, _ in sorted(chapters)[1:]]


def boundary_f1(predicted: Sequence[float], truth: Sequence[float], within_s: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of chapter borders in seconds; each given border is met by one found border at most.

    The nearest pairs are matched first. Both lists empty is a perfect match.
    """
    if not predicted and not truth:
        return 1.0, 1.0, 1.0
    pairs = sorted((abs(f - g), i, j) for i, f in enumerate(predicted) for j, g in enumerate(truth))
    taken: tuple[set[int], set[int]] = (set(), set())
    for distance, i, j in pairs:
        if distance <= within_s and i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
    met = len(taken[0])
    precision, recall = met / len(predicted) if predicted else 0.0, met / len(truth) if truth else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if met else 0.0


def soda_c(predicted: Sequence[Titled], truth: Sequence[Titled]) -> float:
    """SODA_c (Fujita et al., ECCV 2020): the F measure of the best matching that keeps the order of time.

    A pair is worth IoU times the likeness of its texts, 0 to 1. The paper's likeness is METEOR; ours is the F1 of
    words, so that the figures are not those of the paper's tables.
    """
    if not predicted or not truth:
        return 1.0 if not predicted and not truth else 0.0
    best = [[0.0] * (len(truth) + 1) for _ in range(len(predicted) + 1)]
    for i, (span, text) in enumerate(predicted, 1):
        for j, (other, name) in enumerate(truth, 1):
            worth = span.iou(other) * word_f1(text, name)
            best[i][j] = max(best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + worth)
    total = best[-1][-1]
    precision, recall = total / len(predicted), total / len(truth)
    return 2 * precision * recall / (precision + recall) if total else 0.0


def word_f1(one: str, other: str) -> float:
    """The F1 of the words of two texts, whatever their order and case."""
    first, second = (Counter(re.findall(r"\w+", text.lower())) for text in (one, other))
    shared = sum((first & second).values())
    return 2 * shared / (first.total() + second.total()) if shared else 0.0
