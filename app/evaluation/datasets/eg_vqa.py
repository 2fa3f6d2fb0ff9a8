"""EG-VQA (arXiv 2606.24797): answers with the spans that prove them, scored by evidence F1.

Its annotation files were not public when this was written; the names of the fields are those of its paper.
"""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import letter_of, number_of, options_of, text_of
from app.evaluation.datasets.common import row_spans, video_names
from app.evaluation.datasets.rows import UNVERIFIED, read_rows

_HINT = "Give rows of video, question, answer and evidence, [[start, end], ...] in seconds." + UNVERIFIED


def eg_vqa(file: Path) -> Loaded:
    """Questions with or without options, each with its evidence."""
    cases = []
    for number, row in enumerate(read_rows(file, _HINT), 1):
        options = options_of(row, row.sequence("options")) if row.has("options") else ()
        answer, right = row.text("answer"), None
        if options:  # the right one is given as its text, its number from 0, or its letter
            read = text_of if answer in options else number_of if answer.isdigit() else letter_of
            right = read(row, answer, options)
        field = next((name for name in ("evidence", "evidence_spans", "spans") if row.has(name)), "evidence")
        cases.append(Case(
            str(row.maybe("question_id", "id") or number), video_names(row, "video", "video_id"), row.text("question"),
            options, right, reference="" if options else answer,
            labels=labels(("task", row.maybe("task", "type", "question_type"))),
            evidence=row_spans(row, row.sequence(field)),
        ))  # fmt: skip
    return Loaded(tuple(cases))
