"""How long an answer takes when the models are loaded: median and 95th percentile. Budget: median 10 s."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cli_runner import LONGREEL, ask_all, empty_library, publish, run, sample, truth

MEDIAN_BUDGET_S = 10.0
WARM_UP = "What is this video about?"
"""Loads the models and is not counted. Not one of the counted questions: what an answer learned is kept."""


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def main() -> None:
    """Reads a 12-minute sample, asks all its questions in one process; the first is a warm-up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--minutes", type=float, default=12.0, help="length of the sample")
    options = parser.parse_args()
    video = sample(options.minutes)
    questions = [{"question": row["question"], "video": str(video)} for row in truth(video)["questions"]]
    with empty_library() as variables:
        run([*LONGREEL, "ingest", str(video), "--json"], variables)
        ran = ask_all([{"question": WARM_UP, "video": str(video)}, *questions], variables)
    waits = [later - earlier for earlier, later in zip(ran.line_s, ran.line_s[1:], strict=False)]
    median, p95 = statistics.median(waits), percentile(waits, 0.95)
    verdict = "met" if median <= MEDIAN_BUDGET_S else "missed"
    rows = [[len(waits), f"{median:.1f} s", f"{p95:.1f} s", f"{max(waits):.1f} s", f"{ran.line_s[0]:.1f} s"]]
    columns = ["questions", "median", "95th percentile", "slowest", "first, with loading"]
    notes = [f"median, at most: {median:.1f} of {MEDIAN_BUDGET_S:g} s ({verdict})"]
    publish("Time to answer, models loaded", columns, rows, options.json, notes=notes, figures=waits)
    print(notes[0])


if __name__ == "__main__":
    main()
