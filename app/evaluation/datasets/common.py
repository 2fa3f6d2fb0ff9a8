"""What several annotation files share: names of videos, times as text, and one common form.

The common form is that in which Active Video Perception (arXiv 2512.05774) hands several benchmarks out: objects with
path, question, options with letters, and answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from app.core.types import TimeSpan
from app.evaluation.cases import Case, labels, spans_of
from app.evaluation.datasets.choices import letter_of, options_of
from app.evaluation.datasets.rows import Row

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2})(?:\.\d+)?")
_VIDEO_ID = re.compile(r"(?:v=|youtu\.be/|shorts/)([\w-]{6,})")


def is_common(row: Row) -> bool:
    """Whether a row is in the common form."""
    return row.has("path") and (row.has("solution") or row.has("problem_id"))


def common_case(row: Row, column: str, unique: str = "") -> Case:
    """A row in the common form. `column`: of the kinds of questions; `unique`: an id where the file has none."""
    options = options_of(row, row.sequence("options"))
    kinds = row.maybe("question_type", "task_type", "original_question_type")
    listed = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "multiple-choice"]
    found = labels(*((column, kind) for kind in listed))
    id = unique or (row.text("question_id") if row.has("question_id") else row.text("problem_id"))
    return Case(
        id, video_names(row, "path", "videoID", "video"), row.text("question", "problem"), options,
        letter_of(row, row.any("solution", "answer"), options), labels=found,
        evidence=clock_spans(row.maybe("time_reference")),
    )  # fmt: skip


def video_names(row: Row, *fields: str) -> tuple[str, ...]:
    """Names of a row's video, from the fields that are there; an address gives the id in it. Raises BadInput."""
    row.any(*fields)
    fields = tuple(field for field in fields if row.has(field))
    names: list[str] = []
    for field in fields:
        value = row.text(field)
        address = _VIDEO_ID.search(value)
        names += [address[1]] if address else [value, PurePosixPath(value).name]
    return tuple(dict.fromkeys(names))


def numbered(row: Row, stem: str) -> Sequence[object]:
    """The values of option0, option1, ... up to the first that is empty or N/A."""

    def values() -> Iterator[object]:
        number = 0
        while row.has(f"{stem}{number}") and row.data[f"{stem}{number}"] != "N/A":
            yield row.data[f"{stem}{number}"]
            number += 1

    return list(values())


def clock_spans(reference: object) -> tuple[TimeSpan, ...]:
    """Spans of a reference such as "00:15-00:19"; a single time is an instant. Nothing for a text without times."""
    spans = []
    for match in _CLOCK.finditer(str(reference or "")):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        spans.append(float(hours * 3600 + minutes * 60 + seconds))
    if len(spans) == 1:
        spans *= 2
    pairs = zip(spans[::2], spans[1::2], strict=False)
    return spans_of([(start, end) for start, end in pairs if start <= end])


def row_spans(row: Row, pairs: Sequence[Sequence[float]]) -> tuple[TimeSpan, ...]:
    """Spans of a row from [start, end] pairs in seconds. Raises BadInput."""
    try:
        return spans_of(pairs)
    except (ValueError, TypeError) as error:
        raise row.refused(f"its spans are not [start, end] in seconds: {str(pairs)[:60]}") from error
