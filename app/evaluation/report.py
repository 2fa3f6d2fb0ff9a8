"""The report of a run: plain figures as JSON, and the same figures as Markdown tables, modes side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from app.evaluation.datasets.choices import Unparsed
from app.evaluation.datasets.registry import Benchmark
from app.evaluation.metrics.chapters import ChapterScores
from app.evaluation.metrics.comparison import paired
from app.evaluation.metrics.grounding import cited, moment_retrieval
from app.evaluation.metrics.official_figures import official_figures
from app.evaluation.metrics.reliability import reliability
from app.evaluation.metrics.scores import (
    JudgedCase,
    Share,
    accuracy,
    by_label,
    official_accuracy,
    refusals,
    share,
    with_truth,
)
from app.services.calibration import UNCHANGED

_COUNTED = {
    Unparsed.CHANCE: "Officially a reply without an option is replaced by a random one; its expected share is counted.",
    Unparsed.SKIPPED: "The official script leaves out questions whose reply names no option.",
    Unparsed.WRONG: "A reply without an option counts as wrong, officially as well.",
}


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in the currency of whoever reads the report; 0 where nothing is paid."""

    prompt: float = 0.0
    output: float = 0.0

    def of(self, one: JudgedCase) -> float:
        """The price of one answer."""
        usage = one.result.usage
        return (usage.prompt_tokens * self.prompt + usage.output_tokens * self.output) / 1e6


FREE = Prices()


def figures(
    benchmark: Benchmark, judged: Sequence[JudgedCase], prices: Prices, shown: Callable[[float], float]
) -> dict[str, Any]:
    """Everything that is measured of one mode, as plain data. Shares are 0 to 1; None where there is nothing.

    `shown`: the confidence that users see, of the agent's own, which the results hold.
    """
    proof, declined, trust = cited(judged), refusals(judged), reliability(judged, shown=shown)
    done = [one for one in judged if not one.result.failed]
    used = [one.result.usage for one in done]
    return {
        "questions": len(judged),
        "with_truth": len(with_truth(judged)),
        "errors": sum(one.result.failed for one in judged),
        "undecided": sum(not (o.result.answered or o.result.refused or o.result.failed) for o in judged),
        "accuracy": _share(accuracy(judged)),
        "proven": _share(share(one.proven for one in with_truth(judged))),
        "official_accuracy": _share(official_accuracy(judged, benchmark.unparsed)),
        "official": official_figures(benchmark.name, judged),
        "citation_precision": _share(proof.precision),
        "citation_recall": _share(proof.recall),
        "citation_f1": proof.f1,
        "recall_at_1": _share(moment_retrieval(judged).recall[0.5]),
        "answers_on_evidence": _share(proof.answers),
        "temporal_iou": proof.iou,
        "refusal_precision": _share(declined.precision),
        "refusal_recall": _share(declined.recall),
        "wrong_refusals": _share(declined.wrong),
        "calibration_error": trust.error,
        "calibration_error_before": reliability(judged).error,
        "reliability": [asdict(one) for one in trust.bins],
        "by_label": {
            column: {value: _share(part) for value, part in values.items()}
            for column, values in by_label(judged).items()
        },
        "cost": {  # means of a question, and the median of its seconds
            "seconds": _mean([u.seconds for u in used]),
            "median_seconds": median(u.seconds for u in used) if used else None,
            "frames": _mean([u.frames for u in used]),
            "prompt_tokens": _mean([u.prompt_tokens for u in used]),
            "output_tokens": _mean([u.output_tokens for u in used]),
            "price": _mean([prices.of(one) for one in done]),
        },
    }


def _share(share: Share) -> dict[str, Any]:
    return {"value": share.value, "interval": share.interval, "part": share.part, "of": share.whole}


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def report(
    benchmark: Benchmark,
    modes: Mapping[str, Sequence[JudgedCase]],
    *,
    about: Mapping[str, Any],
    notes: Sequence[str] = (),
    prices: Prices = FREE,
    shown: Callable[[float], float] = UNCHANGED,
    chapters: Sequence[ChapterScores] = (),
) -> dict[str, Any]:
    """The report as plain data. `about`: what was run, as kept beside the results; `shown`: see `figures`."""
    return {
        "title": benchmark.title,
        "benchmark": benchmark.name,
        "about": dict(about),
        "notes": [*notes, _COUNTED[benchmark.unparsed]],
        "modes": {mode: figures(benchmark, judged, prices, shown) for mode, judged in modes.items()},
        "differences": differences(modes),
        "chapters": [asdict(one) for one in chapters],
    }


def differences(modes: Mapping[str, Sequence[JudgedCase]]) -> list[dict[str, Any]]:
    """Every two modes on the questions that were asked in both."""
    comparisons = []
    for (one, first), (other, second) in itertools.combinations(modes.items(), 2):
        known = {j.case.id: j.right for j in with_truth(second)}
        pairs = [(j.right, known[j.case.id]) for j in with_truth(first) if j.case.id in known]
        difference = paired([a for a, _ in pairs], [b for _, b in pairs])
        comparisons.append({"first": one, "second": other, **asdict(difference)})
    return comparisons


def markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    modes: Mapping[str, Any] = report["modes"]
    conditions = [f"{name}: {value}" for name, value in report["about"].items() if value not in (None, "", {})]
    parts = [f"## {report['title']}", "; ".join(conditions) + ".", _answers(modes), _proof(modes)]
    parts.append(_table_of(paired_table(report["differences"])))
    names = list(dict.fromkeys(name for figures in modes.values() for name in figures["official"]))
    if names:
        rows = [[name, *(percent(figures["official"].get(name)) for figures in modes.values())] for name in names]
        parts.append(table(["the benchmark's own figures", *modes], rows))
    columns = list(dict.fromkeys(column for figures in modes.values() for column in figures["by_label"]))
    for column in columns:
        groups = [figures["by_label"].get(column, {}) for figures in modes.values()]
        values = list(dict.fromkeys(value for group in groups for value in group))
        rows = []
        for value in values:
            shares = [group.get(value, {"of": 0, "value": None}) for group in groups]
            rows.append([value, max(one["of"] for one in shares), *(percent(one["value"]) for one in shares)])
        parts.append(table([column, "questions", *modes], rows))
    bins = [
        [mode, f"{b['low']:.1f}-{b['high']:.1f}", b["answers"], percent(b["confidence"]), percent(b["right"])]
        for mode, figures in modes.items()
        for b in figures["reliability"]
    ]
    if bins:
        parts.append(table(["mode", "confidence", "answers", "mean confidence", "right"], bins))
    parts.append(_table_of(chapter_table(report["chapters"])))
    parts.append("\n".join(f"- {note}" for note in report["notes"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _answers(modes: Mapping[str, Any]) -> str:
    head = [
        "mode",
        "questions",
        "accuracy",
        "95 % interval",
        "official",
        "right with proof",
        "undecided",
        "errors",
        "wrong refusals",
    ]
    head += ["refusal precision", "refusal recall"]
    rows = [
        [
            mode, figures["with_truth"],
            percent(figures["accuracy"]["value"]), interval(figures["accuracy"]["interval"]),
            percent(figures["official_accuracy"]["value"]),
            percent(figures["proven"]["value"]), figures["undecided"], figures["errors"],
            *(percent(figures[name]["value"]) for name in ("wrong_refusals", "refusal_precision", "refusal_recall")),
        ]
        for mode, figures in modes.items()
    ]  # fmt: skip
    return table(head, rows)


def _proof(modes: Mapping[str, Any]) -> str:
    head = ["mode", "citation precision", "citation recall", "citation F1", "answers on evidence", "temporal IoU"]
    head.append("R@1, IoU 0.5")
    head += ["calibration error", "before calibration", "seconds", "median", "frames", "prompt tokens", "output tokens"]
    priced = any(figures["cost"]["price"] for figures in modes.values())
    rows = []
    for mode, figures in modes.items():
        cost = figures["cost"]
        row = [mode, percent(figures["citation_precision"]["value"]), percent(figures["citation_recall"]["value"])]
        row += [percent(figures["citation_f1"]), percent(figures["answers_on_evidence"]["value"])]
        row += [percent(figures["temporal_iou"]), percent(figures["recall_at_1"]["value"])]
        row += [percent(figures["calibration_error"]), percent(figures["calibration_error_before"])]
        row += [number(cost["seconds"], 1), number(cost["median_seconds"], 1), number(cost["frames"], 1)]
        row += [number(cost["prompt_tokens"], 0), number(cost["output_tokens"], 0)]
        rows.append([*row, number(cost["price"], 5)] if priced else row)
    return table([*head, "price"] if priced else head, rows)


def paired_table(pairs: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of `differences`."""
    rows = [
        [
            f"{d['first']} - {d['second']}", d["questions"], d["first_only"], d["second_only"],
            f"{d['difference']:+.1%}", f"{d['interval'][0]:+.1%} to {d['interval'][1]:+.1%}",
            f"{d['p']:.3f}" if d["p"] >= 0.001 else "< 0.001",
        ]
        for d in pairs
    ]  # fmt: skip
    return ["modes", "asked", "only first right", "only second right", "difference", "95 % interval", "p"], rows


def chapter_table(scores: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of chapters against given ones."""
    names = ("precision", "recall", "f1", "soda_c")
    rows = [[c["video"], c["given"], c["found"], *(percent(c[name]) for name in names)] for c in scores]
    columns = ["chapters of", "given", "found", "border precision", "border recall", "border F1, 5 s", "SODA_c"]
    return columns, rows


def _table_of(found: tuple[Sequence[str], Sequence[Sequence[Any]]]) -> str:
    """A table; nothing where it has no rows."""
    columns, rows = found
    return table(columns, rows) if rows else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    escaped = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in escaped)])


def percent(value: float | None) -> str:
    """A share as a percentage with one decimal; a dash where there was nothing to count."""
    return "-" if value is None else f"{value:.1%}"


def interval(bounds: Sequence[float] | None) -> str:
    """An interval of shares as percentages."""
    return "-" if bounds is None else f"{bounds[0]:.1%} to {bounds[1]:.1%}"


def number(value: float | None, digits: int) -> str:
    """A number with so many decimals; a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"
