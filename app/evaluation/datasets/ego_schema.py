"""EgoSchema (arXiv 2308.09126)."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.rows import read_object, read_rows


def ego_schema(file: Path, truth: Path | None = None) -> Loaded:
    """EgoSchema (arXiv 2308.09126). `truth`: the file of public answers, {q_uid: index}, where they are apart."""
    answers = read_object(truth) if truth else {}
    cases = []
    for row in read_rows(file):
        id = row.text("q_uid", "video_idx")
        given = row.sequence("option") if row.has("option") else [row.any(f"option {number}") for number in range(5)]
        options = options_of(row, given)
        answer = answers.get(id, row.maybe("truth", "answer"))
        cases.append(Case(
            id, (id,), row.text("question"), options, None if answer is None else number_of(row, answer, options)
        ))  # fmt: skip
    return Loaded(tuple(cases))
