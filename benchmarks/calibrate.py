"""Fits the confidence of answers to questions with known answers, and puts the curve into the product.

    python -m benchmarks.calibrate --eval ANNOTATIONS FOLDER [--eval ...] [--json FILE] [--write]

FOLDER is what `longreel eval own` made of the annotations; its results hold the agent's own confidence. The figures
for the calibrated confidence of each answer come from a curve that was fitted without it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from app.evaluation.metrics.reliability import answers_of, binned
from app.evaluation.modes.mode import Mode
from app.evaluation.report import percent
from app.services.calibration import Calibration, fit
from benchmarks.cli_runner import machine
from benchmarks.quality import asked
from benchmarks.report import keep

BINS, FOLDS = 10, 5
Answers = list[tuple[float, bool]]
"""Confidence and whether the answer is right."""


def measured(annotations: Path, folder: Path) -> Answers:
    """The answers of a run of `longreel eval own`, in the mode `full`."""
    return answers_of(asked(annotations, folder, [Mode.FULL])[Mode.FULL])


def held_out(answers: Answers) -> Answers:
    """Each answer with the confidence of a curve that was fitted on the other four fifths."""
    folds = [place % FOLDS for place in range(len(answers))]
    random.Random(1).shuffle(folds)  # noqa: S311 - the same folds every time, no secret
    curves = [fit([one for one, own in zip(answers, folds, strict=True) if own != fold]) for fold in range(FOLDS)]
    return [(curves[fold](confidence), right) for (confidence, right), fold in zip(answers, folds, strict=True)]


def calibration_error(answers: Answers) -> float:
    """The expected calibration error, 0 to 1."""
    return sum(b.answers * abs(b.confidence - b.right) for b in binned(answers, BINS)) / len(answers)


def brier(answers: Answers) -> float:
    """The mean squared distance of confidence from the truth (Brier, 1950)."""
    return fmean((confidence - right) ** 2 for confidence, right in answers)


def report(answers: Answers, curve: Calibration) -> dict[str, Any]:
    """The result as plain data."""
    columns = ["confidence", "answers", "right", "mean", "calibration error", "Brier score"]
    series = [("the agent's own", answers), ("calibrated, fitted on the other four fifths", held_out(answers))]
    rows = [
        [
            name, len(some), percent(fmean(right for _, right in some)), percent(fmean(c for c, _ in some)),
            percent(calibration_error(some)), f"{brier(some):.3f}",
        ]
        for name, some in series
    ]  # fmt: skip
    bins = [
        {"name": name, "error": calibration_error(some), "bins": [asdict(b) for b in binned(some, BINS)]}
        for name, some in series
    ]
    title = "Confidence of answers with known truth"
    return {
        "title": title,
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.calibrate --eval ANNOTATIONS FOLDER --write",
        "tables": [{"title": title, "columns": columns, "rows": rows}],
        "pictures": [{"name": "calibration", "kind": "reliability", "title": title, "series": bins}],
        "notes": [
            f"fitted on {curve.fitted_on}: slope {curve.slope:g}, intercept {curve.intercept:g} of the log-odds",
            "the section on real videos has the diagram of questions that the curve has not seen",
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, prints the table; writes the curve and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", nargs=2, type=Path, action="append", required=True, metavar=("ANNOTATIONS", "FOLDER"))
    parser.add_argument("--write", action="store_true", help="put the curve into the product")
    parser.add_argument("--json", type=Path, help="write the table here")
    options = parser.parse_args(arguments)
    answers: Answers = []
    names = []
    for file, folder in options.eval:
        found = measured(file, folder)
        names.append(f"{len(found)} answers on {file.name.removesuffix('.truth.json')}")
        answers += found
    curve = fit(answers, " and ".join(names))
    keep(report(answers, curve), options.json)
    if options.write:
        curve.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
