"""Reports of `longreel eval` as plots: bars with their interval, and confidence against correctness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.api.schemas.evaluations import BinOut, EvaluationOut, ModeOut, ShareOut
from ui.render.markup import safe

MODES = {
    "full": "the agent",
    "loop": "the agent, its model choosing each step",
    "pipeline": "the agent in fixed steps",
    "transcript": "transcript only",
    "captions": "captions only",
    "no-agent": "one prompt, no agent",
    "none": "no language model",
}
EMPTY = (
    '<div class="lr-empty"><p><b>No evaluation yet.</b></p><p>Run your own benchmark or a public one: '
    "<code>longreel eval own --annotations questions.jsonl --videos . --mode all</code>. "
    "The results appear here when it is done.</p></div>"
)
SIDE = 180
"""The size of the reliability plot, in its own units."""


def evaluations(reports: Sequence[EvaluationOut]) -> str:
    """Every report with its plots, newest first."""
    html = []
    for report in reports:
        modes = report.modes
        plots = [
            _plot("Right answers", {_mode(name): one.accuracy for name, one in modes.items()}),
            _plot("Right with proof", {_mode(name): one.proven for name, one in modes.items()}),
            _plot("Correct citations", {_mode(name): one.citation_precision for name, one in modes.items()}),
            *_labels(modes),
            *(_reliability(_mode(name), one.reliability) for name, one in modes.items() if one.reliability),
        ]
        notes = "".join(f"<li>{safe(note)}</li>" for note in report.notes)
        html.append(
            f'<section class="lr-evaluation" aria-label="{safe(report.title)}"><div class="lr-top">'
            f"<h3>{safe(report.title)} <small>{safe(report.made_at[:16].replace('T', ' '))}</small></h3></div>"
            f"{_table(modes)}"
            f'<div class="lr-plots">{"".join(plots)}</div><details><summary>How this is counted</summary>'
            f'<ul class="lr-notes">{notes}</ul></details></section>'
        )
    return f"<h2>Evaluation</h2>{''.join(html) or EMPTY}"


def _mode(name: str) -> str:
    return MODES.get(name, name)


def _table(modes: Mapping[str, ModeOut]) -> str:
    head = ("Mode", "Questions", "Right", "Wrongly refused", "Errors", "Seconds, median", "Frames")
    rows = "".join(
        f'<tr><th scope="row">{safe(_mode(name))}</th><td>{one.questions}</td><td>{percent(one.accuracy.value)}</td>'
        f"<td>{percent(one.wrong_refusals.value)}</td><td>{one.errors}</td>"
        f"<td>{_number(one.cost.median_seconds)}</td><td>{_number(one.cost.frames)}</td></tr>"
        for name, one in modes.items()
    )
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    return (
        '<div class="lr-table" role="region" aria-label="Figures" tabindex="0"><table>'
        f"<thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _labels(modes: Mapping[str, ModeOut]) -> list[str]:
    """A plot for each label of the questions; with several modes, one row per mode."""
    columns = dict.fromkeys(column for one in modes.values() for column in one.by_label)
    plots = []
    for column in columns:
        shares = {
            value if len(modes) == 1 else f"{value}, {_mode(name)}": share
            for value in dict.fromkeys(v for one in modes.values() for v in one.by_label.get(column, {}))
            for name, one in modes.items()
            if (share := one.by_label.get(column, {}).get(value)) is not None
        }
        plots.append(_plot(f"Right answers by {column}", shares))
    return plots


def _plot(title: str, shares: Mapping[str, ShareOut]) -> str:
    """Horizontal bars with their 95 % interval; empty if nothing was counted."""
    known = {name: share for name, share in shares.items() if share.value is not None}
    if not known:
        return ""
    rows = []
    for name, share in known.items():
        value = share.value or 0.0
        low, high = share.interval or (value, value)
        whisker = f'<i class="lr-whisker" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
        rows.append(
            f'<li><span class="lr-bar-name">{safe(name)}</span>'
            f'<span class="lr-bar-track" aria-hidden="true"><i style="width:{100 * value:.1f}%"></i>{whisker}</span>'
            f"<span>{percent(share.value)} <small>of {share.of:.0f}</small></span></li>"
        )
    return f'<figure class="lr-plot"><figcaption>{safe(title)}</figcaption><ul>{"".join(rows)}</ul></figure>'


def _reliability(mode: str, bins: Sequence[BinOut]) -> str:
    """How often answers of each confidence are right; on the diagonal the confidence is exact."""
    most = max(one.answers for one in bins)
    dots = "".join(
        f'<circle cx="{SIDE * one.confidence:.1f}" cy="{SIDE * (1 - one.right):.1f}" '
        f'r="{4 + 8 * (one.answers / most) ** 0.5:.1f}"><title>{one.answers} answers: {_trust(one)}</title></circle>'
        for one in bins
    )
    summary = ", ".join(map(_trust, bins))
    return (
        f'<figure class="lr-plot"><figcaption>How reliable its confidence is: {safe(mode)}</figcaption>'
        f'<svg class="lr-trust" viewBox="-14 -14 {SIDE + 28} {SIDE + 28}" role="img" aria-label="{summary}">'
        f'<path class="lr-axis" d="M0 0V{SIDE}H{SIDE}"/><path class="lr-diagonal" d="M0 {SIDE}L{SIDE} 0"/>{dots}</svg>'
        "<small>Across: its confidence. Up: how often it was right.</small></figure>"
    )


def _trust(one: BinOut) -> str:
    return f"{one.confidence:.0%} sure, {one.right:.0%} right"


def percent(value: float | None) -> str:
    """A share as a whole percentage; a dash if there was nothing to count."""
    return "-" if value is None else f"{value:.0%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
