"""HourVideo (arXiv 2411.04998)."""

from __future__ import annotations

import re
from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import inline, letter_of, options_of
from app.evaluation.datasets.rows import UNVERIFIED, read_rows


def hour_video(file: Path) -> Loaded:
    """HourVideo (arXiv 2411.04998): an object with a list of questions for each video.

    The names of video_metadata, benchmark_dataset, qid, task, mcq_test and correct_answer_label are those that the
    official evaluation script reads; the layout of mcq_test is inferred.
    """
    hint = "Give the official annotation file as JSON." + UNVERIFIED
    cases = []
    for video in read_rows(file, hint):
        for asked in video.parts("benchmark_dataset"):
            choices = [asked.data[name] for name in (f"answer_{n}" for n in range(1, 6)) if asked.has(name)]
            if choices:
                question, options = asked.text("question"), options_of(asked, choices)
            else:
                question, options = inline(asked, asked.text("mcq_test"))
                question = question or asked.text("question")
            answer = asked.maybe("correct_answer_label")
            cases.append(Case(
                f"{video.place}/{asked.text('qid')}", (video.place,), question, options,
                None if answer is None else letter_of(asked, answer, options),
                labels=labels(("task", re.sub(r"^summarization/.*", "summarization", asked.text("task")))),
            ))  # fmt: skip
    return Loaded(tuple(cases))
