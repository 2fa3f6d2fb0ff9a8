"""EG-VQA (arXiv 2606.24797): answers with the spans that prove them, scored by evidence F1.

Its annotation files were not public when this was written; the names of the fields are those of its paper.
"""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import letter_of, number_of, options_of, text_of
from app.evaluation.datasets.common import row_spans, video_names
from app.evaluation.datasets.rows import UNVERIFIED, Row, read_rows

_HINT = "Give rows of video, question, answer and evidence, [[start, end], ...] in seconds." + UNVERIFIED


def eg_vqa(file: Path) -> Loaded:
    """Questions with or without options, each with its evidence."""
    cases = []
    for number, row in enumerate(read_rows(file, _HINT), 1):
        options = options_of(row, row.sequence("options")) if row.has("options") else ()
        answer = row.text("answer")
        field = next((name for name in ("evidence", "evidence_spans", "spans") if row.has(name)), "evidence")
        cases.append(Case(
            str(row.maybe("question_id", "id") or number), video_names(row, "video", "video_id"), row.text("question"),
            options, _right(row, answer, options) if options else None, reference="" if options else answer,
            labels=labels(("task", row.maybe("task", "type", "question_type"))),
            evidence=row_spans(row, row.sequence(field)),
        ))  # fmt: skip
    return Loaded(tuple(cases))


def _right(row: Row, answer: str, options: tuple[str, ...]) -> int:
    """The right option, given as its text, its number from 0, or its letter."""
    if answer in options:
        return text_of(row, answer, options)
    return number_of(row, answer, options) if answer.isdigit() else letter_of(row, answer, options)
