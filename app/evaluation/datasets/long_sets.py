"""Loaders of the benchmarks of long videos: Video-MME, LongVideoBench, MLVU, LVBench, HourVideo, LV-Haystack, Minerva.

Each takes the official annotation file, or the common form in which Active Video Perception (arXiv 2512.05774)
hands several of them out: objects with path, question, options with letters, and answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from app.core.types import TimeSpan
from app.evaluation.cases import Case, Loaded, labels, spans_of
from app.evaluation.datasets.choices import inline, letter_of, number_of, options_of, text_of
from app.evaluation.datasets.rows import UNVERIFIED, Row, json_rows

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2})(?:\.\d+)?")
_VIDEO_ID = re.compile(r"(?:v=|youtu\.be/|shorts/)([\w-]{6,})")
_SHORT_S, _MEDIUM_S = 180.0, 1350.0
"""Between the length groups of Video-MME: under 2, 4 to 15, and 30 to 60 minutes."""


def video_mme(file: Path) -> Loaded:
    """Video-MME (arXiv 2405.21075): one object a video with its questions, or one a question."""
    cases: list[Case] = []
    for video in json_rows(file):
        if video.has("questions"):
            cases += [_video_mme(video, part) for part in video.parts("questions")]
        else:
            cases.append(_video_mme(video, video))
    return Loaded(tuple(cases))


def _video_mme(video: Row, asked: Row) -> Case:
    options = options_of(asked, asked.sequence("options", "choices"))
    length = video.maybe("duration", "duration_category")
    group = _length_group(length) if isinstance(length, int | float) else length
    found = labels(
        ("task", asked.maybe("task_type")),
        ("length", group),
        ("domain", video.maybe("domain", "video_category")),
        ("sub-category", video.maybe("sub_category", "video_sub_category")),
    )
    return Case(
        asked.text("question_id"), _names(video, "path", "videoID", "url", "video_id"), asked.text("question"), options,
        letter_of(asked, asked.any("answer"), options), labels=found,
    )  # fmt: skip


def _length_group(seconds: float) -> str:
    return "short" if seconds < _SHORT_S else "medium" if seconds < _MEDIUM_S else "long"


def long_video_bench(file: Path) -> Loaded:
    """LongVideoBench (arXiv 2407.15754). Its test split has no answers; `position` counts frames and is not used."""
    return Loaded(tuple(_common(row, "task") if _is_common(row) else _long_video_bench(row) for row in json_rows(file)))


def _long_video_bench(row: Row) -> Case:
    row.any("candidates", "option0")
    options = options_of(row, row.sequence("candidates") if row.has("candidates") else _numbered(row, "option"))
    answer = row.maybe("correct_choice")
    found = labels(
        ("task", row.maybe("question_category")),
        ("length", row.maybe("duration_group")),
        ("topic", row.maybe("topic_category")),
    )
    return Case(
        row.text("id"), _names(row, "video_path", "video_id"), row.text("question"), options,
        None if answer is None else number_of(row, answer, options), labels=found,
    )  # fmt: skip


def mlvu(file: Path) -> Loaded:
    """MLVU (arXiv 2406.04264): a file, or the folder with one file a task. Generative tasks are left out."""
    files = sorted(file.glob("*.json")) if file.is_dir() else [file]
    cases: list[Case] = []
    open_ended = 0
    for part in files:
        for number, row in enumerate(json_rows(part), 1):
            if _is_common(row):
                cases.append(_common(row, "task", unique=f"{part.stem}/{number}"))
            elif row.has("candidates"):
                cases.append(_mlvu(row, f"{part.stem}/{number}"))
            else:
                row.text("question")
                open_ended += 1
    told = f"{open_ended} questions without options were left out: their official score needs GPT-4 as a judge."
    return Loaded(tuple(cases), (told,) if open_ended else ())


def _mlvu(row: Row, id: str) -> Case:
    options = options_of(row, row.sequence("candidates"))
    return Case(
        id, _names(row, "video"), row.text("question"), options, text_of(row, row.any("answer"), options),
        labels=labels(("task", row.maybe("question_type"))),
    )  # fmt: skip


def lv_bench(file: Path) -> Loaded:
    """LVBench (arXiv 2406.08035): one line a video, the options inside the question; a question may have many types."""
    cases: list[Case] = []
    for row in json_rows(file):
        if row.has("qa"):
            cases += [_lv_bench(row, part) for part in row.parts("qa")]
        else:
            cases.append(_common(row, "ability"))
    return Loaded(tuple(cases))


def _lv_bench(video: Row, asked: Row) -> Case:
    question, options = inline(asked, asked.text("question"))
    found = labels(*(("ability", kind) for kind in asked.sequence("question_type")), ("domain", video.maybe("type")))
    return Case(
        asked.text("uid"), _names(video, "key"), question, options, letter_of(asked, asked.any("answer"), options),
        labels=found, evidence=clock_spans(asked.maybe("time_reference")),
    )  # fmt: skip


def minerva(file: Path) -> Loaded:
    """Minerva (arXiv 2505.00681) in the common form."""
    return Loaded(tuple(_common(row, "task") for row in json_rows(file)))


def hour_video(file: Path) -> Loaded:
    """HourVideo (arXiv 2411.04998): an object with a list of questions for each video.

    The names of video_metadata, benchmark_dataset, qid, task, mcq_test and correct_answer_label are those that the
    official evaluation script reads; the layout of mcq_test is inferred.
    """
    hint = "Give the official annotation file as JSON." + UNVERIFIED
    cases = []
    for video in json_rows(file, hint):
        for asked in video.parts("benchmark_dataset"):
            question, options = _hour_video_choices(asked)
            answer = asked.maybe("correct_answer_label")
            cases.append(Case(
                f"{video.place}/{asked.text('qid')}", (video.place,), question, options,
                None if answer is None else letter_of(asked, answer, options),
                labels=labels(("task", re.sub(r"^summarization/.*", "summarization", asked.text("task")))),
            ))  # fmt: skip
    return Loaded(tuple(cases))


def _hour_video_choices(row: Row) -> tuple[str, tuple[str, ...]]:
    numbered = [row.data[name] for name in (f"answer_{n}" for n in range(1, 6)) if row.has(name)]
    if numbered:
        return row.text("question"), options_of(row, numbered)
    question, options = inline(row, row.text("mcq_test"))
    return (question or row.text("question")), options


def lv_haystack(file: Path) -> Loaded:
    """LV-Haystack (arXiv 2504.02259): options by letter, and the indices of the frames that tell the answer."""
    return Loaded(tuple(_lv_haystack(row, number) for number, row in enumerate(json_rows(file), 1)))


def _lv_haystack(row: Row, number: int) -> Case:
    given = row.any("options")
    by_letter = [given[key] for key in sorted(given)] if isinstance(given, dict) else row.sequence("options")
    options = options_of(row, by_letter)
    about = row.any("video_metadata")
    rate = Row(row.file, row.place, about if isinstance(about, dict) else {}).number("frame_rate")
    if rate <= 0:
        raise row.refused("frame_rate is not above 0")
    frames = row.sequence("frame_indexes_video")
    id = f"{row.text('vclip_id') if row.has('vclip_id') else row.text('video_id')}/{number}"
    return Case(
        id, _names(row, "video_id"), row.text("question"), options, letter_of(row, row.any("answer"), options),
        moments_s=tuple(sorted(float(index) / rate for index in frames)),
    )  # fmt: skip


def _is_common(row: Row) -> bool:
    return row.has("path") and (row.has("solution") or row.has("problem_id"))


def _common(row: Row, column: str, unique: str = "") -> Case:
    options = options_of(row, row.sequence("options"))
    kinds = row.maybe("question_type", "task_type", "original_question_type")
    listed = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "multiple-choice"]
    found = labels(*((column, kind) for kind in listed))
    id = unique or (row.text("question_id") if row.has("question_id") else row.text("problem_id"))
    return Case(
        id, _names(row, "path", "videoID", "video"), row.text("question", "problem"), options,
        letter_of(row, row.any("solution", "answer"), options), labels=found,
        evidence=clock_spans(row.maybe("time_reference")),
    )  # fmt: skip


def _names(row: Row, *fields: str) -> tuple[str, ...]:
    """Names of a row's video, from the fields that are there; an address gives the id in it. Raises BadInput."""
    row.any(*fields)
    found: list[str] = []
    for field in fields:
        if not row.has(field):
            continue
        value = row.text(field)
        address = _VIDEO_ID.search(value)
        found += [address[1]] if address else [value, PurePosixPath(value).name]
    return tuple(dict.fromkeys(found))


def _numbered(row: Row, stem: str) -> Sequence[object]:
    """The values of option0, option1, ... as long as they have one."""

    def values() -> Iterator[object]:
        number = 0
        while row.has(f"{stem}{number}"):
            yield row.data[f"{stem}{number}"]
            number += 1

    return list(values())


def clock_spans(reference: object) -> tuple[TimeSpan, ...]:
    """Spans of a reference such as "00:15-00:19"; a single time is an instant. Nothing for a text without times."""
    found = [_seconds(match) for match in _CLOCK.finditer(str(reference or ""))]
    if len(found) == 1:
        found *= 2
    pairs = zip(found[::2], found[1::2], strict=False)
    return spans_of([(start, end) for start, end in pairs if start <= end])


def _seconds(match: re.Match[str]) -> float:
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
