"""NExT-QA (CVPR 2021) and NExT-GQA (arXiv 2309.01327)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import BadInput
from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of, text_of
from app.evaluation.datasets.common import row_spans
from app.evaluation.datasets.rows import Row, csv_rows, read_object

NEXT_GROUPS = {"C": "causal", "T": "temporal", "D": "descriptive"}
"""NExT-QA's groups by the first letter of a question's type (CW, CH, TN, TC, TP, DC, DL, DO, DB)."""


def next_qa(file: Path) -> Loaded:
    """NExT-QA (CVPR 2021), multiple choice. The answer is a number in one release and a text in another."""
    rows = csv_rows(file)
    by_number = _answers_are_numbers(rows)
    return Loaded(tuple(_next_qa(row, by_number) for row in rows))


def next_gqa(file: Path, truth: Path | None = None) -> Loaded:
    """NExT-GQA (arXiv 2309.01327). `truth`: gsub_val.json or gsub_test.json, with the spans.

    Questions that it has no span for are judged by their answer alone.
    """
    if truth is None:
        raise BadInput("NExT-GQA's spans are in a file of their own.", "Give gsub_val.json or gsub_test.json: --truth.")
    spans = read_object(truth)
    rows = csv_rows(file)
    by_number = _answers_are_numbers(rows)
    cases = []
    for row in rows:
        video = row.text("video", "video_id")
        about = spans.get(video, {})
        if not isinstance(about, dict) or not isinstance(about.get("location", {}), dict):
            raise BadInput(f"{truth}, {video}: there is no location.", "Give gsub_val.json.")
        cases.append(_next_qa(row, by_number, about.get("location", {}).get(row.text("qid"), ())))
    note = f"{sum(bool(case.evidence) for case in cases)} of {len(cases)} questions have spans in {truth.name}."
    return Loaded(tuple(cases), (note,))


def _answers_are_numbers(rows: Sequence[Row]) -> bool:
    """Whether a file's answers are option numbers. Where both readings fit every row, its column names decide."""
    if not rows:
        return False
    written = [str(row.any("answer")).strip() for row in rows]
    texts = all(answer in _five(row) for answer, row in zip(written, rows, strict=True))
    digits = all(re.fullmatch(r"[0-4]", answer) for answer in written)
    return digits and (not texts or "video" in rows[0].data)


def _five(row: Row) -> list[str]:
    return [str(row.any(f"a{number}")).strip() for number in range(5)]


def _next_qa(row: Row, by_number: bool, evidence: Sequence[Sequence[float]] = ()) -> Case:
    options = options_of(row, _five(row))
    kind, video = row.text("type"), row.text("video", "video_id")
    group = NEXT_GROUPS.get(kind[:1])
    if group is None:
        raise row.refused(f"its type is none of NExT-QA's: {kind}")
    read = number_of if by_number else text_of
    return Case(
        f"{video}_{row.text('qid')}", (video,), row.text("question"), options, read(row, row.any("answer"), options),
        labels=labels(("group", group), ("type", kind)), evidence=row_spans(row, evidence),
    )  # fmt: skip
