"""Our own questions."""

from __future__ import annotations

import re
from pathlib import Path

from app.evaluation.cases import Case, GivenChapters, Loaded, labels
from app.evaluation.datasets.choices import number_of, options_of
from app.evaluation.datasets.common import row_spans
from app.evaluation.datasets.rows import Row, read_json, read_rows


def own(file: Path) -> Loaded:
    """Questions in our own form. A question with options is asked openly and with them.

    The file is JSON lines as in `qa.jsonl`, or the truth of a made sample, one object {video, questions, chapters}.
    """
    whole = read_json(file) if file.suffix.lower() == ".json" else None
    if not isinstance(whole, dict) or "questions" not in whole:
        return Loaded(tuple(case for number, one in enumerate(read_rows(file), 1) for case in _own(one, number)))
    sample = Row(file, "the whole file", whole)
    cases = [case for number, one in enumerate(sample.parts("questions"), 1) for case in _own(one, number)]
    if not sample.has("chapters"):
        return Loaded(tuple(cases))
    rows = list(sample.parts("chapters"))
    spans = [row_spans(one, [[one.number("start_s"), one.number("end_s")]])[0] for one in rows]
    titles = [one.text("title") for one in rows]
    chapters = GivenChapters(sample.text("video"), tuple(zip(spans, titles, strict=True)))
    return Loaded(tuple(cases), (), (chapters,))


def _own(row: Row, number: int) -> list[Case]:
    answerable = bool(row.data.get("answerable", True))
    videos, question = (row.text("video"),), row.text("question")
    accepted = row.data.get("accept") or ()
    accept = tuple(map(str, accepted)) if isinstance(accepted, list | tuple) and answerable else ()
    for expression in accept:
        try:
            re.compile(expression)
        except re.error as error:
            raise row.refused(f"accept has an expression that cannot be read: {expression}") from error
    evidence = row_spans(row, row.sequence("evidence") if row.has("evidence") else ())
    modality = ("modality", row.maybe("modality"))
    cases = []
    if accept or not answerable:
        cases.append(Case(
            f"{number}/open", videos, question, (), None, accept, answerable,
            labels(("form", "open"), modality), evidence,
        ))  # fmt: skip
    if row.has("options"):
        options = options_of(row, row.sequence("options"))
        cases.append(Case(
            f"{number}/choice", videos, question, options, number_of(row, row.any("correct_index"), options), (),
            answerable, labels(("form", "multiple choice"), modality), evidence,
        ))  # fmt: skip
    if not cases:
        raise row.refused("it has neither accept nor options, so that no answer could be judged")
    return cases
