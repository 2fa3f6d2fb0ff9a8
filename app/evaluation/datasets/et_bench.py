"""E.T. Bench (arXiv 2409.18111): events in time. `etbench_txt_v1.0.json`, or one task's file of `annotations/txt`.

Rows have idx, task, source, video, duration, q (the whole prompt), and by task: o and p (options and the right one),
tgt (spans or times that answer), g (captions). Dense captions (dvc, slc) are left out: their scores
compare whole texts.
"""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.common import row_spans, video_names
from app.evaluation.datasets.rows import read_rows

CAPTIONING = frozenset({"dvc", "slc"})


def et_bench(file: Path) -> Loaded:
    """Choices are judged by their answer, all tasks with spans by what is cited."""
    cases, left_out = [], 0
    for row in read_rows(file):
        task, question = row.text("task"), row.text("q")
        if task in CAPTIONING:
            left_out += 1
            continue
        options = options_of(row, row.sequence("o")) if row.has("o") else ()
        times_s = row.sequence("tgt") if row.has("tgt") else []
        if times_s and not any(isinstance(one, list) for one in times_s):
            # Pairs are spans; a list of two numbers is one; other numbers are instants.
            times_s = [times_s] if len(times_s) == 2 and task != "vhd" else [[one, one] for one in times_s]
        cases.append(Case(
            f"{task}/{row.text('source')}/{row.text('idx')}", video_names(row, "video"), question, options,
            number_of(row, row.any("p"), options) if options else None,
            labels=labels(("task", task), ("source", row.maybe("source"))),
            evidence=row_spans(row, times_s), asked=question,
        ))  # fmt: skip
    note = f"{left_out} dense captions were left out: their official scores compare whole texts."
    return Loaded(tuple(cases), (note,) if left_out else ())
