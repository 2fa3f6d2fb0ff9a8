"""LVBench (arXiv 2406.08035), and Minerva (arXiv 2505.00681), which comes in the common form alone."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import inline, letter_of
from app.evaluation.datasets.common import clock_spans, common_case, is_common, video_names
from app.evaluation.datasets.rows import Row, read_rows


def lv_bench(file: Path) -> Loaded:
    """LVBench: one line a video, or the hub's one row a question.

    The options stand in the question; a question may have several types.
    """
    cases: list[Case] = []
    for row in read_rows(file):
        if row.has("qa"):
            cases += [_lv_bench(row, part) for part in row.parts("qa")]
        else:
            cases.append(common_case(row, "ability") if is_common(row) else _lv_bench(row, row))
    return Loaded(tuple(cases))


def _lv_bench(video: Row, asked: Row) -> Case:
    question, options = inline(asked, asked.text("question"))
    kinds = labels(*(("ability", kind) for kind in asked.sequence("question_type")), ("domain", video.maybe("type")))
    return Case(
        asked.text("uid"), video_names(video, "key"), question, options, letter_of(asked, asked.any("answer"), options),
        labels=kinds, evidence=clock_spans(asked.maybe("time_reference")),
    )  # fmt: skip


def minerva(file: Path) -> Loaded:
    """Minerva (arXiv 2505.00681) in the common form."""
    return Loaded(tuple(common_case(row, "task") for row in read_rows(file)))
