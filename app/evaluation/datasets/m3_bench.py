"""M3-Bench (arXiv 2508.09736): open questions about films from the web and from a robot's eyes.

{video: {video_path, qa_list: [{question, answer, question_id, type, timestamp, before_clip}]}}. A robot's question is
asked at `timestamp`, when only the clips before it were seen; here the whole video may be seen, which the report says.
"""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import read_rows


def m3_bench(file: Path) -> Loaded:
    """Open questions with a reference answer."""
    cases, timed = [], 0
    for video in read_rows(file):
        for question in video.parts("qa_list"):
            kinds = question.sequence("type") if question.has("type") else []
            cases.append(Case(
                question.text("question_id"), (*video_names(video, "video_path"), video.place),
                question.text("question"),
                reference=question.text("answer"), labels=labels(*(("type", kind) for kind in kinds)),
            ))  # fmt: skip
            timed += question.has("timestamp")
    note = f"{timed} questions are officially asked before the end of their video; here all of it may be seen."
    return Loaded(tuple(cases), (note,) if timed else ())
