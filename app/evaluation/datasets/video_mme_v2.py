"""Video-MME-v2: eight options, and groups of four questions about a video that are scored together.

The hub's Parquet file has video_id, url, group_type (relevance or logic), group_structure, question_id, question,
options, answer, level, second_head, third_head; four rows that follow each other are a group.
"""

from __future__ import annotations

import ast
from pathlib import Path

from app.evaluation.cases import Case, Group, Loaded, labels
from app.evaluation.datasets.choices import inline, letter_of, options_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import read_rows

GROUP = 4


def video_mme_v2(file: Path) -> Loaded:
    """The questions with their groups."""
    cases = []
    for place, row in enumerate(read_rows(file)):
        given = row.any("options")
        if isinstance(given, str) and not given.lstrip().startswith("["):
            _, options = inline(row, f"\n{given}")
        else:
            options = options_of(row, row.sequence("options"))
        structure = "relevance"
        if row.text("group_type") != structure:
            try:  # the chain of a logic group such as [1, [2, 3], 4]
                structure = str(ast.literal_eval(row.text("group_structure")))
            except (ValueError, SyntaxError) as error:
                raise row.refused("group_structure is no list") from error
        kinds = labels(
            ("group", row.text("group_type")),
            ("level", row.maybe("level")),
            ("ability", row.maybe("second_head")),
            ("task", row.maybe("third_head")),
        )
        cases.append(Case(
            row.text("question_id"), video_names(row, "video_id", "url"), row.text("question"), options,
            letter_of(row, row.any("answer"), options), labels=kinds, group=Group(place // GROUP, structure),
        ))  # fmt: skip
    return Loaded(tuple(cases))
