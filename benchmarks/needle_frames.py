"""Whether a closer look at an hour shows an event of five seconds, when the vectors of its frames can be trusted.

    python -m benchmarks.needle_frames [--trials N] [--json FILE]

An hour is 3600 vectors, one a second, made so that their cosine to the question is known: about 0.15 for most frames,
with noise that runs in scenes as in real videos, 0.22 in six scenes that show something alike, and 0.30 (clear) or 0.26
(faint) in the event. The frame chooser of the agent's `look` gets the whole hour. Control: the same number of frames
evenly spaced, and eight chosen from 32 evenly spaced ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.tools.frames import FrameChooser
from app.core.types import Frame, FrameFeatures, TimeSpan, evenly
from app.evaluation.metrics.scores import Share, share
from app.evaluation.report import interval, percent
from benchmarks.cli_runner import machine
from benchmarks.report import keep
from gpu_workers.selection.hybrid import HybridSelector

SECONDS, EVENT_S = 3600, 5
BUDGETS = (64, 32)
TRIALS = 100
AIM = 0.95
SIZE = 128
USUAL, ALIKE = 0.15, 0.22
"""Cosine to the question of most frames, and of those that show something alike."""
EVENTS = {"clear": 0.30, "faint": 0.26}
"""Cosine to the question of the frames of the event."""
SCENE_NOISE, FRAME_NOISE = 0.025, 0.015
"""Standard deviation of that cosine from scene to scene, and from frame to frame."""
SCENES, DECOYS = 240, 6


@dataclass(frozen=True, eq=False)
class Hour:
    """The frames of an hour, the question's vector, and when the event is."""

    features: list[FrameFeatures]
    query: NDArray[np.float32]
    event: TimeSpan


class KnownQuery:
    """Gives the vector of the question, whatever its words. Plays the part of `FrameEmbedder` that choosing uses."""

    model = "known"

    def __init__(self, query: NDArray[np.float32]) -> None:
        self._query = query

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """Never asked for."""
        raise NotImplementedError(frames)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector."""
        del text
        return self._query


def hour(seed: int, cosine: float) -> Hour:
    """An hour with one event whose frames have about this cosine to the question; the same for the same seed."""
    random = np.random.default_rng(seed)
    query = _unit(random.normal(size=SIZE))
    borders = np.sort(random.choice(np.arange(1, SECONDS), SCENES - 1, replace=False))
    scene_of = np.searchsorted(borders, np.arange(SECONDS), side="right")
    levels = USUAL + SCENE_NOISE * random.normal(size=SCENES)
    levels[random.choice(SCENES, DECOYS, replace=False)] = ALIKE
    start = int(random.integers(0, SECONDS - EVENT_S))
    wanted = levels[scene_of]
    wanted[start : start + EVENT_S] = cosine
    wanted = np.clip(wanted + FRAME_NOISE * random.normal(size=SECONDS), -0.9, 0.9)
    places = _unit(random.normal(size=(SCENES, SIZE)))[scene_of] + 0.3 * _unit(random.normal(size=(SECONDS, SIZE)))
    places[start : start + EVENT_S] += _unit(random.normal(size=SIZE))
    aside = _unit(places - (places @ query)[:, None] * query)
    concepts = (wanted[:, None] * query + np.sqrt(1 - wanted**2)[:, None] * aside).astype(np.float32)
    features = [FrameFeatures(float(second), concept, concept) for second, concept in enumerate(concepts)]
    return Hour(features, query.astype(np.float32), TimeSpan(float(start), float(start + EVENT_S - 1)))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


Choose = Callable[[Hour, int], Sequence[float]]


def by_look(one: Hour, budget: int) -> Sequence[float]:
    """The agent's choice over the whole hour."""
    embedder = KnownQuery(one.query)
    chooser = FrameChooser(embedder, HybridSelector(embedder), lambda _: ())
    return chooser.choose("the event", one.features, [TimeSpan(0.0, float(SECONDS))], budget)


def by_grid(one: Hour, budget: int) -> Sequence[float]:
    """Evenly spaced."""
    del one
    return evenly([TimeSpan(0.0, float(SECONDS))], budget)


def by_few_candidates(one: Hour, budget: int) -> Sequence[float]:
    """A quarter of the budget, the best of as many evenly spaced frames as the whole budget allows."""
    grid = [one.features[int(time_s)] for time_s in by_grid(one, budget)]
    ranked = sorted(grid, key=lambda frame: -float(frame.concept @ one.query))
    return [frame.pts_s for frame in ranked[: budget // 4]]


METHODS: dict[str, Choose] = {
    "the agent's look": by_look,
    "evenly spaced": by_grid,
    "a quarter of evenly spaced candidates": by_few_candidates,
}


def shown(choose: Choose, cosine: float, budget: int, trials: int) -> Share:
    """In how many trials a chosen frame shows the event."""
    hours = (hour(seed, cosine) for seed in range(trials))
    return share(any(one.event.contains(time_s) for time_s in choose(one, budget)) for one in hours)


def report(trials: int) -> dict[str, Any]:
    """The result as plain data."""
    rows: list[list[str]] = []
    least = 1.0
    for name, choose in METHODS.items():
        for budget in BUDGETS:
            shares = {event: shown(choose, cosine, budget, trials) for event, cosine in EVENTS.items()}
            cells = [cell for one in shares.values() for cell in (percent(one.value), interval(one.interval))]
            rows.append([name, str(budget), *cells])
            if choose is by_look:
                least = min(least, *(one.value or 0.0 for one in shares.values()))
    columns = ["frames", "budget", *(cell for event in EVENTS for cell in (f"{event} event shown", "95 % interval"))]
    return {
        "title": "An event of five seconds in one hour",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.needle_frames",
        "columns": columns,
        "rows": rows,
        "notes": [
            f"{trials} trials; the agent's look, at least: {least:.0%}; aim: {AIM:.0%}",
            f"cosine to the question: most frames {USUAL}, {DECOYS} scenes {ALIKE}, "
            + ", ".join(f"a {event} event {cosine}" for event, cosine in EVENTS.items()),
        ],
        "shown": least,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the trials, prints the table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--json", type=Path, help="write the table here")
    options = parser.parse_args(arguments)
    keep(report(options.trials), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
