"""LongVideoBench (arXiv 2407.15754)."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.common import common_case, is_common, numbered, video_names
from app.evaluation.datasets.rows import read_rows


def long_video_bench(file: Path) -> Loaded:
    """LongVideoBench (arXiv 2407.15754). Its test split has no answers; `position` counts frames and is not used."""
    cases = []
    for row in read_rows(file):
        if is_common(row):
            cases.append(common_case(row, "task"))
            continue
        row.any("candidates", "option0")
        options = options_of(row, row.sequence("candidates") if row.has("candidates") else numbered(row, "option"))
        answer = row.maybe("correct_choice")
        kinds = labels(
            ("task", row.maybe("question_category")),
            ("length", row.maybe("duration_group")),
            ("topic", row.maybe("topic_category")),
        )
        cases.append(Case(
            row.text("id"), video_names(row, "video_path", "video_id"), row.text("question"), options,
            None if answer is None else number_of(row, answer, options), labels=kinds,
        ))  # fmt: skip
    return Loaded(tuple(cases))
