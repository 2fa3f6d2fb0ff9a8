"""Whether answers are right, and how often: pure functions over cases and results."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.evaluation.cases import Case
from app.evaluation.datasets.choices import Unparsed
from app.evaluation.run.results import Result

SCORES = range(1, 6)
"""How far an answer says what the reference says, by a model."""
RIGHT_SCORE = 4
"""The least score of a right answer."""
Z_95 = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case with its result in one mode."""

    case: Case
    result: Result

    @property
    def right(self) -> bool:
        """Whether the answer is right. A refusal is right where there is nothing to answer; an error never is."""
        case, result = self.case, self.result
        if result.failed:
            return False
        if not case.answerable and result.refused:
            return True
        if case.options:
            index, answer = result.option_index, case.answer
            return index is not None and answer is not None and case.options[index] == case.options[answer]
        if not case.accept:
            return result.answered and (result.score or 0) >= RIGHT_SCORE
        return case.answerable and result.answered and any(re.search(a, result.text, re.I | re.S) for a in case.accept)

    @property
    def has_truth(self) -> bool:
        """Whether the answer can be judged: its truth is known, and where that takes a model, one has compared them."""
        compared = self.case.reference and not self.case.accept
        return self.case.has_truth and not (compared and self.result.answered and self.result.score is None)

    @property
    def proven(self) -> bool:
        """Whether it is right and rests on citations that were checked, or rightly refuses."""
        checked = any(citation.verified for citation in self.result.citations)
        return self.right and (self.result.refused if not self.case.answerable else self.result.answered and checked)

    @property
    def chose(self) -> bool:
        """Whether an option was named, or an open question was answered."""
        if self.case.options:
            return self.result.option_index is not None
        return self.result.answered


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many. `low` and `high`: its interval of 95 %."""

    part: float
    whole: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval of 95 % (J. Am. Stat. Assoc. 22, 1927); None of nothing."""
        return wilson(self.part, self.whole) if self.whole else None


def wilson(part: float, whole: int) -> tuple[float, float]:
    """Wilson's score interval of 95 % of a share, 0 to 1. Raises ValueError unless 0 <= part <= whole and whole > 0."""
    if not (whole > 0 and 0 <= part <= whole):
        raise ValueError(f"{part} of {whole} is no share")
    share, square = part / whole, Z_95 * Z_95 / whole
    middle = (share + square / 2) / (1 + square)
    half = Z_95 / (1 + square) * math.sqrt(share * (1 - share) / whole + square / (4 * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(flags: Iterable[bool]) -> Share:
    """How many of these are so."""
    listed = list(flags)
    return Share(sum(listed), len(listed))


def with_truth(judged: Iterable[JudgedCase]) -> list[JudgedCase]:
    """Those whose truth is known."""
    return [one for one in judged if one.has_truth]


def accuracy(judged: Iterable[JudgedCase]) -> Share:
    """The share of right answers; refusals and errors count as wrong."""
    return share(one.right for one in with_truth(judged))


def official_accuracy(judged: Iterable[JudgedCase], unparsed: Unparsed) -> Share:
    """What the official script would count, where a reply without an option is no wrong one.

    CHANCE adds one over the number of options for it, the expected value of the script's random choice.
    """
    known = with_truth(judged)
    silent = [one for one in known if one.case.options and not one.chose and not one.right]
    right = float(sum(one.right for one in known))
    if unparsed is Unparsed.CHANCE:
        right += sum(1 / len(one.case.options) for one in silent)
    return Share(right, len(known) - (len(silent) if unparsed is Unparsed.SKIPPED else 0))


def by_label(judged: Iterable[JudgedCase]) -> dict[str, dict[str, Share]]:
    """Accuracy by label column and value, values in the order of their first case. One case may count in several."""
    groups: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in with_truth(judged):
        for column, value in dict.fromkeys(one.case.labels):
            groups[column][value].append(one.right)
    return {column: {value: share(flags) for value, flags in values.items()} for column, values in groups.items()}


def macro(groups: Iterable[Share]) -> float | None:
    """The plain mean of the groups' accuracies: MLVU's M-Avg over its tasks."""
    values = [group.value for group in groups if group.value is not None]
    return sum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class Refusals:
    """How well it is noticed that the video does not contain the answer."""

    precision: Share
    """Of the refusals, those of questions that have no answer."""
    recall: Share
    """Of the questions that have no answer, those that were refused."""
    wrong: Share
    """Of the questions that have an answer, those that were refused."""


def refusals(judged: Sequence[JudgedCase]) -> Refusals:
    """Precision and recall of refusing; errors are neither refusals nor answers.

    There is no precision where every question has an answer: each refusal is a wrong one there.
    """
    done = [one for one in judged if not one.result.failed]
    refusable = any(not one.case.answerable for one in done)
    return Refusals(
        share(not one.case.answerable for one in done if one.result.refused and refusable),
        share(one.result.refused for one in done if not one.case.answerable),
        share(one.result.refused for one in done if one.case.answerable),
    )
