"""VideoVista (arXiv 2406.11303): VideoVista.json, with the field names that its official evaluation script reads."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import read_rows

REASONING = frozenset({
    "Relation Reasoning-Image", "Relation Reasoning-Video", "Event Prediction", "Action Prediction", "Causal Reasoning",
    "Counterfactual Reasoning", "Commonsense Reasoning", "Logic Reasoning",
})  # fmt: skip
"""The types that its tables call reasoning; all others are understanding."""
WITH_PICTURE = "Relation Reasoning-Image"


def video_vista(file: Path) -> Loaded:
    """All questions but those that come with a picture of their own, which cannot be asked here."""
    cases, left_out = [], 0
    for row in read_rows(file):
        kind = row.text("Type")
        if kind == WITH_PICTURE:
            left_out += 1
            continue
        options = options_of(row, row.sequence("Answer_Choices"))
        group = "reasoning" if kind in REASONING else "understanding"
        cases.append(Case(
            row.text("question_id"), video_names(row, "video_name"), row.text("Question"), options,
            number_of(row, row.any("Answer"), options),
            labels=labels(("group", group), ("type", kind), ("category", row.maybe("category"))),
        ))  # fmt: skip
    note = f"{left_out} questions about a picture beside the video were left out."
    return Loaded(tuple(cases), (note,) if left_out else ())
