"""Calibrates confidences: of the answers with a confidence of 0.8, about eight in ten should be right.

The agent's own confidence only ranks its answers. A logistic curve over its log-odds, fitted on questions with
known answers (Platt, 1999), turns it into the share of right answers. The curve is monotone, so the ranking stays.
`python -m benchmarks.calibrate` fits it and writes `calibration.json` next to this file. The shipped curve changes
nothing, because the curve of an earlier agent does not fit this one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).with_name("calibration.json")
_EDGE = 0.01
"""Confidences are clipped to this distance from 0 and 1, where log-odds are infinite."""
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curve: log-odds times `slope` plus `intercept`, as a probability. The defaults change nothing."""

    slope: float = 1.0
    intercept: float = 0.0
    answers: int = 0
    """The number of answers it was fitted on."""
    fitted_on: str = ""
    """A description of those answers."""

    def __call__(self, confidence: float) -> float:
        """The expected share of right answers at this confidence, 0 to 1 with two decimals."""
        if self == UNCHANGED:
            return confidence
        return round(_logistic(self.slope * _log_odds(confidence) + self.intercept), 2)

    def write(self, file: Path = FILE) -> None:
        """Saves it for the product."""
        file.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


UNCHANGED = Calibration()


def load(file: Path = FILE) -> Calibration:
    """The calibration shipped with the product."""
    return Calibration(**json.loads(file.read_text("utf-8")))


def fit(answers: Sequence[tuple[float, bool]], fitted_on: str = "") -> Calibration:
    """The most likely curve for (confidence, right) pairs, by Newton's method; the slope is never below 0.

    Platt's targets, (n + 1) / (n + 2) for right and 1 / (m + 2) for wrong answers, prevent certainty from few
    answers. Raises ValueError without answers.
    """
    if not answers:
        raise ValueError("no answers to fit on")
    right = sum(is_right for _, is_right in answers)
    high, low = (right + 1) / (right + 2), 1 / (len(answers) - right + 2)
    points = [(_log_odds(confidence), high if is_right else low) for confidence, is_right in answers]
    slope, intercept = _newton(points)
    if slope < 0:
        slope, intercept = 0.0, _log_odds(sum(target for _, target in points) / len(points))
    return Calibration(round(slope, 4), round(intercept, 4), len(answers), fitted_on)


def _newton(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    slope = intercept = 0.0
    for _ in range(_STEPS):
        gradient, curve = [0.0, 0.0], [1e-9, 0.0, 1e-9]
        for x, target in points:
            p = _logistic(slope * x + intercept)
            gradient[0] += (target - p) * x
            gradient[1] += target - p
            weight = p * (1 - p)
            curve[0] += weight * x * x
            curve[1] += weight * x
            curve[2] += weight
        size = curve[0] * curve[2] - curve[1] * curve[1]
        step = ((gradient[0] * curve[2] - gradient[1] * curve[1]) / size) if size > 1e-12 else 0.0
        shift = (gradient[1] - curve[1] * step) / curve[2]
        slope, intercept = slope + step, intercept + shift
        if abs(step) + abs(shift) < 1e-9:
            break
    return slope, intercept


def _log_odds(share: float) -> float:
    bounded = min(1 - _EDGE, max(_EDGE, share))
    return math.log(bounded / (1 - bounded))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, value))))
