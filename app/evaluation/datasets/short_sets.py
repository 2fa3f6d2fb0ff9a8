"""Loaders of the benchmarks of short videos, EgoSchema, NExT-QA and NExT-GQA, and of our own questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.core.errors import BadInput
from app.evaluation.cases import Case, GivenChapters, Loaded, labels, spans_of
from app.evaluation.datasets.choices import number_of, options_of, text_of
from app.evaluation.datasets.rows import Row, csv_rows, json_rows, read_json

NEXT_GROUPS = {"C": "causal", "T": "temporal", "D": "descriptive"}
"""NExT-QA's groups by the first letter of a question's type (CW, CH, TN, TC, TP, DC, DL, DO, DB)."""


def ego_schema(file: Path, truth: Path | None = None) -> Loaded:
    """EgoSchema (arXiv 2308.09126). `truth`: the file of public answers, {q_uid: index}, where they are apart."""
    answers = _object(truth) if truth else {}
    cases = []
    for row in json_rows(file):
        id = row.text("q_uid")
        options = options_of(row, [row.any(f"option {number}") for number in range(5)])
        answer = answers.get(id, row.maybe("truth", "answer"))
        cases.append(Case(
            id, (id,), row.text("question"), options, None if answer is None else number_of(row, answer, options)
        ))  # fmt: skip
    return Loaded(tuple(cases))


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
    spans = _object(truth)
    rows = csv_rows(file)
    by_number = _answers_are_numbers(rows)
    cases = tuple(_next_qa(row, by_number, _located(truth, spans, row)) for row in rows)
    told = f"{sum(bool(case.evidence) for case in cases)} of {len(cases)} questions have spans in {truth.name}."
    return Loaded(cases, (told,))


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
        labels=labels(("group", group), ("type", kind)), evidence=_spans(row, evidence),
    )  # fmt: skip


def _located(file: Path, spans: Mapping[str, Any], row: Row) -> Sequence[Sequence[float]]:
    about = spans.get(row.text("video", "video_id"), {})
    if not isinstance(about, dict) or not isinstance(about.get("location", {}), dict):
        raise BadInput(f"{file}, {row.text('video', 'video_id')}: there is no location.", "Give gsub_val.json.")
    found: Sequence[Sequence[float]] = about.get("location", {}).get(row.text("qid"), ())
    return found


def own(file: Path) -> Loaded:
    """Questions in our own form. A question with options is asked openly and with them.

    The file is JSON lines as in `qa.jsonl`, or the truth of a made sample, one object {video, questions, chapters}.
    """
    whole = read_json(file) if file.suffix.lower() == ".json" else None
    if not isinstance(whole, dict) or "questions" not in whole:
        return Loaded(tuple(case for number, one in enumerate(json_rows(file), 1) for case in _own(one, number)))
    sample = Row(file, "the whole file", whole)
    cases = [case for number, one in enumerate(sample.parts("questions"), 1) for case in _own(one, number)]
    return Loaded(tuple(cases), (), _chapters(sample))


def _chapters(sample: Row) -> tuple[GivenChapters, ...]:
    """The given chapters of a sample's truth; none where it has none."""
    if not sample.has("chapters"):
        return ()
    rows = list(sample.parts("chapters"))
    spans = [_spans(one, [[one.number("start_s"), one.number("end_s")]])[0] for one in rows]
    titles = [one.text("title") for one in rows]
    return (GivenChapters(sample.text("video"), tuple(zip(spans, titles, strict=True))),)


def _own(row: Row, number: int) -> list[Case]:
    answerable = bool(row.data.get("answerable", True))
    videos, question = (row.text("video"),), row.text("question")
    accept = _expressions(row, answerable)
    evidence = _spans(row, row.sequence("evidence") if row.has("evidence") else ())
    modality = ("modality", row.maybe("modality"))
    made = []
    if accept or not answerable:
        made.append(Case(
            f"{number}/open", videos, question, (), None, accept, answerable,
            labels(("form", "open"), modality), evidence,
        ))  # fmt: skip
    if row.has("options"):
        options = options_of(row, row.sequence("options"))
        made.append(Case(
            f"{number}/choice", videos, question, options, number_of(row, row.any("correct_index"), options), (),
            answerable, labels(("form", "multiple choice"), modality), evidence,
        ))  # fmt: skip
    if not made:
        raise row.refused("it has neither accept nor options, so that no answer could be judged")
    return made


def _expressions(row: Row, answerable: bool) -> tuple[str, ...]:
    given = row.data.get("accept") or ()
    if not isinstance(given, list | tuple) or not answerable:
        return ()
    for expression in given:
        try:
            re.compile(str(expression))
        except re.error as error:
            raise row.refused(f"accept has an expression that cannot be read: {expression}") from error
    return tuple(map(str, given))


def _spans(row: Row, pairs: Sequence[Sequence[float]]) -> Any:
    try:
        return spans_of(pairs)
    except (ValueError, TypeError) as error:
        raise row.refused(f"its spans are not [start, end] in seconds: {str(pairs)[:60]}") from error


def _object(file: Path) -> Mapping[str, Any]:
    content = read_json(file)
    if not isinstance(content, dict):
        raise BadInput(f"{file} is no JSON object.", "Give the benchmark's own file.")
    return content
