"""Video-MME (arXiv 2405.21075)."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import letter_of, options_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import Row, read_rows

_SHORT_S, _MEDIUM_S = 180.0, 1350.0
"""Between the length groups: under 2, 4 to 15, and 30 to 60 minutes."""


def video_mme(file: Path) -> Loaded:
    """Video-MME (arXiv 2405.21075): one object a video with its questions, or one a question."""
    cases: list[Case] = []
    for video in read_rows(file):
        if video.has("questions"):
            cases += [_video_mme(video, part) for part in video.parts("questions")]
        else:
            cases.append(_video_mme(video, video))
    return Loaded(tuple(cases))


def _video_mme(video: Row, question: Row) -> Case:
    options = options_of(question, question.sequence("options", "choices"))
    length = video.maybe("duration", "duration_category")
    if isinstance(length, int | float):
        length = "short" if length < _SHORT_S else "medium" if length < _MEDIUM_S else "long"
    kinds = labels(
        ("task", question.maybe("task_type")),
        ("length", length),
        ("domain", video.maybe("domain", "video_category")),
        ("sub-category", video.maybe("sub_category", "video_sub_category")),
    )
    return Case(
        question.text("question_id"), video_names(video, "path", "videoID", "url", "video_id"),
        question.text("question"), options,
        letter_of(question, question.any("answer"), options), labels=kinds,
    )  # fmt: skip
