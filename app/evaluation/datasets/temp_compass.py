"""TempCompass (arXiv 2403.00476): four files, or the folder `questions` with them, or the hub's Parquet files.

{video: {aspect: [{question, answer}]}}; the hub has a row each, with video_id, dim, question, answer. Options stand in
the question, as "A. ...", "Option 1: ..." or "Caption A: ..."; yes/no questions have none. Captioning is left out: a
model judges which of the options a caption fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import marked_options, plain_option, text_of
from app.evaluation.datasets.parquet import is_parquet
from app.evaluation.datasets.rows import Row, read_object, read_rows, row

TASKS = ("multi-choice", "yes_no", "caption_matching", "captioning")
YES_NO: tuple[str, ...] = ("yes", "no")
_ASK = {"yes_no": "Please answer yes or no:"}
_CHOOSE = "Please directly give the best option:"


def temp_compass(file: Path) -> Loaded:
    """All questions that are judged by a choice."""
    files = sorted(file.glob("*.json")) if file.is_dir() and not is_parquet(file) else [file]
    cases, captioning = [], 0
    for part in files:
        for number, (asked, video, aspect) in enumerate(_rows(part), 1):
            text = asked.text("question")
            if text.rstrip().endswith("Generated Caption:"):
                captioning += 1
                continue
            answer = asked.text("answer")
            if answer.lower().rstrip(".") in YES_NO:
                task, question, options, right = "yes_no", text, YES_NO, YES_NO.index(answer.lower().rstrip("."))
            else:
                question, options = marked_options(asked, text)
                task = "multi-choice" if answer[1:2] == "." else "caption_matching"
                right = text_of(asked, plain_option(answer), options)
            cases.append(Case(
                f"{part.stem}/{number}/{aspect}", (video,), question, options, right,
                labels=labels(("aspect", aspect), ("task", task)), asked=f"{text}\n{_ASK.get(task, _CHOOSE)}",
            ))  # fmt: skip
    note = f"{captioning} captioning questions were left out: a model has to judge them."
    return Loaded(tuple(cases), (note,) if captioning else ())


def _rows(file: Path) -> Iterator[tuple[Row, str, str]]:
    """Each question with its video and its aspect of time."""
    if is_parquet(file):
        for one in read_rows(file):
            yield one, one.text("video_id"), one.text("dim")
        return
    for video, aspects in read_object(file).items():
        for aspect, questions in row(file, str(video), aspects).data.items():
            place = row(file, f"{video}, {aspect}", {"questions": questions})
            for one in place.parts("questions"):
                yield one, str(video), str(aspect)
