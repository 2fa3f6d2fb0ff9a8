"""The figures that a benchmark's own tables have, beside plain accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.evaluation.metrics.grounding import asks_when, grounded, moment_retrieval, needles
from app.evaluation.metrics.scores import JudgedCase, by_label, macro

Figures = dict[str, float | None]
"""Figures by the name under which the benchmark prints them; shares are 0 to 1."""


def official_figures(benchmark: str, judged: Sequence[JudgedCase]) -> Figures:
    """What the benchmark's own tables print; empty where that is accuracy alone."""
    makers: dict[str, Callable[[Sequence[JudgedCase]], Figures]] = {
        "mlvu": _mlvu,
        "nextqa": _next_qa,
        "nextgqa": _next_gqa,
        "lv-haystack": _lv_haystack,
    }
    found = makers[benchmark](judged) if benchmark in makers else {}
    return {**found, **_moments(judged)}


def _mlvu(judged: Sequence[JudgedCase]) -> Figures:
    return {"M-Avg": macro(by_label(judged).get("task", {}).values())}


def _next_qa(judged: Sequence[JudgedCase]) -> Figures:
    groups = by_label(judged).get("group", {})
    names = {"Acc_C": "causal", "Acc_T": "temporal", "Acc_D": "descriptive"}
    return {title: groups[group].value if group in groups else None for title, group in names.items()}


def _next_gqa(judged: Sequence[JudgedCase]) -> Figures:
    figures: Figures = {}
    for note, official in (("", False), (" (official: questions without a span left out)", True)):
        found = grounded(judged, official=official)
        if found:
            figures |= {
                f"Acc@GQA{note}": found.acc_gqa, f"mIoP{note}": found.miop, f"IoP@0.3{note}": found.iop_3,
                f"IoP@0.5{note}": found.iop_5, f"mIoU{note}": found.miou, f"IoU@0.3{note}": found.iou_3,
                f"IoU@0.5{note}": found.iou_5,
            }  # fmt: skip
    return figures


def _lv_haystack(judged: Sequence[JudgedCase]) -> Figures:
    found = needles(judged)
    if found is None:
        return {}
    return {"temporal precision": found.precision, "temporal recall": found.recall, "temporal F1": found.f1}


def _moments(judged: Sequence[JudgedCase]) -> Figures:
    """Moment retrieval, wherever spans are given: over all questions, and over those that ask when."""
    figures: Figures = {}
    for note, asked in (("", judged), (", questions of when", [one for one in judged if asks_when(one.case)])):
        found = moment_retrieval(asked)
        if found.miou is not None:
            figures |= {f"R@1, IoU={least}{note}": part.value for least, part in found.recall.items()}
            figures[f"mIoU of the first citation{note}"] = found.miou
    return figures
