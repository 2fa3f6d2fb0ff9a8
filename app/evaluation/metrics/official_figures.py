"""The figures of a benchmark's own tables, besides plain accuracy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean

from app.evaluation.datasets.video_mme_v2 import GROUP
from app.evaluation.metrics.grounding import (
    asks_when,
    grounded,
    mean_over_spans,
    moment_retrieval,
    needles,
    seconds_f1,
    span_f1,
)
from app.evaluation.metrics.scores import SCORES, JudgedCase, by_label, macro

Figures = dict[str, float | None]
"""Figures by the name under which the benchmark prints them; shares are 0 to 1."""


def official_figures(benchmark: str, judged: Sequence[JudgedCase]) -> Figures:
    """The figures of the benchmark's own tables; empty if that is accuracy alone."""
    makers: dict[str, Callable[[Sequence[JudgedCase]], Figures]] = {
        "mlvu": _mlvu,
        "nextqa": _next_qa,
        "nextgqa": _next_gqa,
        "lv-haystack": _lv_haystack,
        "video-mme-v2": _video_mme_v2,
        "etbench": lambda cases: {"F1 of spans, IoU 0.1 to 0.7": mean_over_spans(cases, span_f1)},
        "eg-vqa": lambda cases: {"evidence F1, in seconds": mean_over_spans(cases, seconds_f1)},
    }
    figures = makers[benchmark](judged) if benchmark in makers else {}
    # moment retrieval, wherever spans are given: over all questions, and over those that ask when
    for note, cases in (("", judged), (", questions of when", [one for one in judged if asks_when(one.case)])):
        found = moment_retrieval(cases)
        if found.miou is not None:
            figures |= {f"R@1, IoU={least}{note}": part.value for least, part in found.recall.items()}
            figures[f"mIoU of the first citation{note}"] = found.miou
    return figures


def _mlvu(judged: Sequence[JudgedCase]) -> Figures:
    """M-Avg over the tasks with options, and the judge's mean score of the generative tasks, as a share of 5."""
    chosen = [one for one in judged if one.case.options]
    scores: dict[str, list[int]] = defaultdict(list)
    for one in judged:
        if not one.case.options and one.has_truth:
            for task in one.case.values("task"):
                scores[task].append(one.result.score or SCORES[0])
    means = [fmean(values) / SCORES[-1] for values in scores.values()]
    generated: Figures = {"generation, of 5 points": fmean(means)} if means else {}
    return {"M-Avg": macro(by_label(chosen).get("task", {}).values()), **generated}


CHAINS = {
    "[1, 2, 3, 4]": (0.0, 1 / 16, 4 / 16, 9 / 16, 1.0),
    "[1, [2, 3], 4]": (0.0, 1 / 12, 4 / 12, 7 / 12, 1.0),
    "[[1, 2], 3, 4]": (0.0, 1 / 10, 2 / 10, 5 / 10, 1.0),
}
"""What a logic group of Video-MME-v2 is worth by how many steps of its chain are right."""


def group_score(structure: str, right: Sequence[bool]) -> float:
    """What a group of four is worth: the square of its share of right answers, or the unbroken start of its chain.

    Questions in inner brackets may be answered in either order: one of the two is a step as well.
    """
    if structure not in CHAINS:
        return (sum(right) / len(right)) ** 2
    steps = next((place for place, one in enumerate(right) if not one), len(right))
    either = {"[1, [2, 3], 4]": (1, right[2]), "[[1, 2], 3, 4]": (0, right[1])}.get(structure)
    if either is not None and steps == either[0] and either[1]:
        steps += 1
    return CHAINS[structure][steps]


def _video_mme_v2(judged: Sequence[JudgedCase]) -> Figures:
    """The group score over whole groups, and by kind of group; a group that was not asked whole is left out."""
    groups: dict[int, list[JudgedCase]] = defaultdict(list)
    for one in judged:
        if one.case.group is not None:
            groups[one.case.group.number].append(one)
    scores: dict[str, list[float]] = defaultdict(list)
    for members in groups.values():
        group = members[0].case.group
        if len(members) == GROUP and group is not None:
            value = group_score(group.structure, [one.right for one in members])
            scores["group score"].append(value)
            scores[f"{'relevance' if group.structure == 'relevance' else 'logic'} score"].append(value)
    return {name: fmean(values) for name, values in scores.items()}


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
    figures: Figures = {"temporal precision": found.precision, "temporal recall": found.recall, "temporal F1": found.f1}
    known = [one.result.visual for one in judged if one.case.moments_s]
    if any(known):
        precision, recall = (fmean(column) for column in zip(*(one or (0.0, 0.0) for one in known), strict=True))
        total = precision + recall
        figures |= {
            "visual precision": precision, "visual recall": recall,
            "visual F1": 2 * precision * recall / total if total else 0.0,
        }  # fmt: skip
    return figures
