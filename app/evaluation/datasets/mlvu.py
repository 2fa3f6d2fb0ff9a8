"""MLVU (arXiv 2406.04264)."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import options_of, text_of
from app.evaluation.datasets.common import common_case, is_common, video_names
from app.evaluation.datasets.parquet import is_parquet
from app.evaluation.datasets.rows import read_rows


def mlvu(file: Path) -> Loaded:
    """A file, or the folder with one file a task. Sub-scene captioning and summaries are open, with a reference."""
    files = sorted(file.glob("*.json")) if file.is_dir() and not is_parquet(file) else [file]
    cases: list[Case] = []
    for part in files:
        for number, row in enumerate(read_rows(part), 1):
            id = f"{part.stem}/{number}"
            if is_common(row):
                cases.append(common_case(row, "task", unique=id))
                continue
            options = options_of(row, row.sequence("candidates")) if row.has("candidates") else ()
            answer = row.text("answer")
            cases.append(Case(
                id, video_names(row, "video", "video_name"), row.text("question"), options,
                text_of(row, answer, options) if options else None, reference="" if options else answer,
                labels=labels(("task", row.maybe("question_type", "task_type"))),
            ))  # fmt: skip
    return Loaded(tuple(cases))
