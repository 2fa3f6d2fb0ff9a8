"""Reports of `longreel eval` as plots: bars with their interval, and confidence against correctness."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas.evaluations import BinOut, EvaluationOut
from ui.render.templates import fill

MODES = {
    "full": "the agent",
    "loop": "the agent, its model choosing each step",
    "pipeline": "the agent in fixed steps",
    "transcript": "transcript only",
    "captions": "captions only",
    "no-agent": "one prompt, no agent",
    "none": "no language model",
}
SIDE = 180
"""The size of the reliability plot, in its own units."""


def evaluations(reports: Sequence[EvaluationOut]) -> Markup:
    """Every report with its plots, newest first."""
    shown = []
    for report in reports:
        modes = {MODES.get(name, name): one for name, one in report.modes.items()}
        # Three plots for all questions, and one for each label of them; bars of which nothing was counted go.
        plots = {
            "Right answers": {name: one.accuracy for name, one in modes.items()},
            "Right with proof": {name: one.proven for name, one in modes.items()},
            "Correct citations": {name: one.citation_precision for name, one in modes.items()},
        }
        for column in dict.fromkeys(column for one in modes.values() for column in one.by_label):
            plots[f"Right answers by {column}"] = {
                value if len(modes) == 1 else f"{value}, {name}": share
                for value in dict.fromkeys(v for one in modes.values() for v in one.by_label.get(column, {}))
                for name, one in modes.items()
                if (share := one.by_label.get(column, {}).get(value)) is not None
            }
        known = {
            title: {name: share for name, share in shares.items() if share.value is not None}
            for title, shares in plots.items()
        }
        shown.append((report, modes, {title: shares for title, shares in known.items() if shares}))
    return fill("evaluations.html", reports=shown, percent=percent, side=SIDE, dots=dots, trust=trust)


def dots(bins: Sequence[BinOut]) -> list[tuple[float, float, float, BinOut]]:
    """Where each share of the answers lies in the reliability plot, and its radius: on the diagonal all is exact."""
    most = max(one.answers for one in bins)
    return [(SIDE * one.confidence, SIDE * (1 - one.right), 4 + 8 * (one.answers / most) ** 0.5, one) for one in bins]


def trust(one: BinOut) -> str:
    """How sure some answers were, and how often they were right."""
    return f"{one.confidence:.0%} sure, {one.right:.0%} right"


def percent(value: float | None) -> str:
    """A share as a whole percentage; a dash if there was nothing to count."""
    return "-" if value is None else f"{value:.0%}"
