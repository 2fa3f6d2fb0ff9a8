"""VideoVista (arXiv 2406.11303): VideoVista.json, with the field names that its official evaluation script reads."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import Row, read_rows

REASONING = frozenset({
    "Relation Reasoning-Image", "Relation Reasoning-Video", "Event Prediction", "Action Prediction", "Causal Reasoning",
    "Counterfactual Reasoning", "Commonsense Reasoning", "Logic Reasoning",
})  # fmt: skip
"""The types that its tables call reasoning; all others are understanding."""
WITH_PICTURE = "Relation Reasoning-Image"


def video_vista(file: Path) -> Loaded:
    """All questions but those that come with a picture of their own, which cannot be asked here."""
    rows = [(row, row.text("Type")) for row in read_rows(file)]
    cases = tuple(_case(row, kind) for row, kind in rows if kind != WITH_PICTURE)
    left_out = len(rows) - len(cases)
    note = f"{left_out} questions about a picture beside the video were left out."
    return Loaded(cases, (note,) if left_out else ())


def _case(row: Row, kind: str) -> Case:
    options = options_of(row, row.sequence("Answer_Choices"))
    group = "reasoning" if kind in REASONING else "understanding"
    return Case(
        row.text("question_id"), video_names(row, "video_name"), row.text("Question"), options,
        number_of(row, row.any("Answer"), options),
        labels=labels(("group", group), ("type", kind), ("category", row.maybe("category"))),
    )  # fmt: skip
