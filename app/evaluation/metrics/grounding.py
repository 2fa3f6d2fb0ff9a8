"""How well the cited moments fit the given ones: our own columns, and those of the grounding benchmarks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from app.core.types import TimeSpan
from app.core.types.span import joined
from app.evaluation.cases import Case
from app.evaluation.metrics.scores import JudgedCase, Share, share
from app.evaluation.run.results import Result

TOLERANCE_S = 1.0
"""Given spans are good to about a second."""
HAYSTACK_S = 5.0
"""How near a time must be to a given one in LV-Haystack (arXiv 2504.02259)."""


def spans(result: Result) -> list[TimeSpan]:
    """The cited spans, in the order of the answer."""
    return [citation.span for citation in result.citations]


def times(result: Result) -> list[float]:
    """The cited moments: the frame of a citation, else the middle of its span."""
    return [c.span.middle_s if c.frame_s is None else c.frame_s for c in result.citations]


def _near(one: TimeSpan, other: TimeSpan) -> bool:
    return one.start_s <= other.end_s + TOLERANCE_S and other.start_s - TOLERANCE_S <= one.end_s


@dataclass(frozen=True, slots=True)
class Cited:
    """How citations and given spans meet, over all questions that have given spans."""

    precision: Share
    """Of the citations of answers, those that meet a given span within a second."""
    recall: Share
    """Of the given spans, those that a citation meets; an unanswered question meets none."""
    answers: Share
    """Of the answered questions, those with a citation that meets a given span."""
    iou: float | None
    """Mean over answered questions of the seconds in both over the seconds in either."""

    @property
    def f1(self) -> float | None:
        """The harmonic mean of citation precision and recall; None where there is nothing to cite."""
        one, other = self.precision.value, self.recall.value
        if other is None:
            return None
        return 2 * one * other / (one + other) if one and other else 0.0


def cited(judged: Iterable[JudgedCase]) -> Cited:
    """Citation precision and recall, and temporal IoU."""
    known = [one for one in judged if one.case.evidence and not one.result.failed]
    answered = [one for one in known if one.result.answered]
    meets = [
        any(_near(span, evidence) for evidence in one.case.evidence) for one in answered for span in spans(one.result)
    ]
    met = [
        one.result.answered and any(_near(span, evidence) for span in spans(one.result))
        for one in known
        for evidence in one.case.evidence
    ]
    overlaps = [union_iou(spans(one.result), one.case.evidence) for one in answered]
    proven = [any(_near(span, evidence) for span in spans(o.result) for evidence in o.case.evidence) for o in answered]
    return Cited(share(meets), share(met), share(proven), fmean(overlaps) if overlaps else None)


def union_iou(predicted: Sequence[TimeSpan], truth: Sequence[TimeSpan]) -> float:
    """Seconds covered by both sets of spans over seconds covered by either, 0 to 1; 0 when neither covers any."""
    one, other = joined(predicted), joined(truth)
    both = sum(a.intersection_s(b) for a in one for b in other)
    either = sum(a.duration_s for a in one) + sum(b.duration_s for b in other) - both
    return both / either if either > 0 else 0.0


def hull_iou(predicted: TimeSpan, truth: TimeSpan) -> float:
    """IoU as moment retrieval and NExT-GQA count it: the common seconds over those from first start to last end."""
    whole = predicted.hull(truth).duration_s
    return predicted.intersection_s(truth) / whole if whole > 0 else 0.0


def seconds_f1(predicted: Sequence[TimeSpan], truth: Sequence[TimeSpan]) -> float:
    """F1 of the seconds that are covered, 0 to 1."""
    one, other = joined(predicted), joined(truth)
    both = sum(a.intersection_s(b) for a in one for b in other)
    total = sum(a.duration_s for a in one) + sum(b.duration_s for b in other)
    return 2 * both / total if total else 0.0


SPAN_LEAST = (0.1, 0.3, 0.5, 0.7)
"""The least IoUs over which E.T. Bench takes the mean of its F1."""


def span_f1(predicted: Sequence[TimeSpan], truth: Sequence[TimeSpan]) -> float:
    """F1 of spans, the mean over four least IoUs: a span counts where one of the other list meets the IoU.

    Instants meet within a second, as they have no IoU.
    """
    if not predicted or not truth:
        return 0.0
    likeness = [[a.iou(b) or float(_near(a, b) and not b.duration_s) for b in truth] for a in predicted]
    values = []
    for least in SPAN_LEAST:
        precision = fmean(max(row) >= least for row in likeness)
        recall = fmean(max(column) >= least for column in zip(*likeness, strict=True))
        values.append(2 * precision * recall / (precision + recall) if precision and recall else 0.0)
    return fmean(values)


def mean_over_spans(
    judged: Iterable[JudgedCase], score: Callable[[Sequence[TimeSpan], Sequence[TimeSpan]], float]
) -> float | None:
    """The mean of a score of cited against given spans, over all questions with given spans; no answer counts 0."""
    values = [
        score(spans(one.result), one.case.evidence) if one.result.answered else 0.0
        for one in judged
        if one.case.evidence
    ]
    return fmean(values) if values else None


def iop(predicted: TimeSpan, truth: TimeSpan) -> float:
    """Common seconds over the found span's length; an instant inside the given span counts 1."""
    if predicted.duration_s == 0:
        return 1.0 if truth.contains(predicted.start_s) else 0.0
    return predicted.intersection_s(truth) / predicted.duration_s


_WHEN = re.compile(r"\s*(?:when|(?:at|from|until) (?:what|which) (?:time|moment|second|minute))\b", re.IGNORECASE)


def asks_when(case: Case) -> bool:
    """Whether a question is for a time of the video."""
    return bool(_WHEN.match(case.question))


@dataclass(frozen=True, slots=True)
class MomentRetrieval:
    """The scores of moment retrieval, for the first citation of each answer; no answer counts 0."""

    recall: dict[float, Share]
    """R@1 by least IoU: 0.3, 0.5, 0.7."""
    miou: float | None


def moment_retrieval(judged: Iterable[JudgedCase]) -> MomentRetrieval:
    """R@1 at IoU 0.3, 0.5, 0.7 and mIoU over all questions with given spans; the best given span counts."""
    values = [_best(one) for one in judged if one.case.evidence]
    overlaps = [iou for iou, _ in values]
    recall = {least: share(iou >= least for iou in overlaps) for least in (0.3, 0.5, 0.7)}
    return MomentRetrieval(recall, fmean(overlaps) if overlaps else None)


def _best(one: JudgedCase) -> tuple[float, float]:
    """The greatest IoU and IoP of the first citation with any given span."""
    first = spans(one.result)[:1] if one.result.answered else []
    if not first:
        return 0.0, 0.0
    return max(hull_iou(first[0], g) for g in one.case.evidence), max(iop(first[0], g) for g in one.case.evidence)


@dataclass(frozen=True, slots=True)
class Grounded:
    """NExT-GQA's scores (arXiv 2309.01327)."""

    questions: int
    acc_gqa: float
    """The share of right answers whose span has IoP of at least 0.5."""
    miop: float
    iop_3: float
    iop_5: float
    miou: float
    iou_3: float
    iou_5: float


def grounded(judged: Iterable[JudgedCase], *, official: bool = False) -> Grounded | None:
    """Scores of the first citation against the given spans; None without questions that have any.

    The official script leaves out questions without a predicted span; ours counts them as 0.
    """
    known = [one for one in judged if one.case.evidence and (not official or one.result.citations)]
    if not known:
        return None
    values = [_best(one) for one in known]
    ious, iops = [iou for iou, _ in values], [value for _, value in values]
    right = [one.right and value >= 0.5 for one, value in zip(known, iops, strict=True)]
    return Grounded(
        len(known), fmean(right), fmean(iops), _at(iops, 0.3), _at(iops, 0.5), fmean(ious), _at(ious, 0.3),
        _at(ious, 0.5),
    )  # fmt: skip


def _at(values: Sequence[float], least: float) -> float:
    return sum(value >= least for value in values) / len(values)


@dataclass(frozen=True, slots=True)
class Needles:
    """LV-Haystack's temporal scores, means over questions."""

    questions: int
    precision: float
    recall: float
    f1: float


def needles(judged: Iterable[JudgedCase], within_s: float = HAYSTACK_S) -> Needles | None:
    """Cited moments against given frames; None without questions that have frames. No citation counts 0."""
    values = [near(times(one.result), one.case.moments_s, within_s) for one in judged if one.case.moments_s]
    if not values:
        return None
    precision, recall, f1 = (fmean(column) for column in zip(*values, strict=True))
    return Needles(len(values), precision, recall, f1)


def near(predicted: Sequence[float], truth: Sequence[float], within_s: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of times: a time counts when one of the other list lies within so many seconds."""
    if not predicted or not truth:
        return 0.0, 0.0, 0.0
    precision = sum(any(abs(f - g) <= within_s for g in truth) for f in predicted) / len(predicted)
    recall = sum(any(abs(f - g) <= within_s for f in predicted) for g in truth) / len(truth)
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0
