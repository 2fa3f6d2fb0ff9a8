"""Needles in a haystack of video: V-NIAH (LongVA, arXiv 2406.16852) and NIAVH (VideoLLaMB, arXiv 2409.01071).

Neither hands out videos: V-NIAH puts the vectors of needle pictures between those of a film, NIAVH makes each video at
run time. A row is therefore about a video that was rendered beforehand: `video`, and the needle as the official files
have it. V-NIAH's needle file has `path` (the picture), `prompt` with the options inside, `answer` (a letter, a word or
a number); NIAVH's results have `context_length` (seconds), `depth_percent`, `needle`, and the question is always the
same. Both lay one second of needle at length times depth.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.core.types import TimeSpan
from app.evaluation.cases import Case, Loaded, labels
from app.evaluation.datasets.choices import has_inline, inline, letter_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import Row, read_rows

NEEDLE_S = 1.0
NIAVH_QUESTION = "What is the young man seated on a cloud in the sky doing?"
_HINT = "Give a row for each rendered video: video, question, answer, and where the needle lies."


def v_niah(file: Path) -> Loaded:
    """V-NIAH: the answer must be exactly the needle's letter, word or number."""
    cases = []
    for number, row in enumerate(read_rows(file, _HINT), 1):
        text, answer = row.text("prompt", "question"), row.text("answer")
        question = text.split("\nAnswer ")[0].strip()
        options: tuple[str, ...] = ()
        right, accept = None, rf"\b{re.escape(answer)}\b"
        if has_inline(text):
            question, options = inline(row, question)
            right, accept = letter_of(row, answer, options), ""
        cases.append(Case(
            str(number), video_names(row, "video"), question, options, right, (accept,) if accept else (),
            labels=_place(row), evidence=_needle(row), asked=text,
        ))  # fmt: skip
    return Loaded(tuple(cases))


def niavh(file: Path) -> Loaded:
    """NIAVH: an open answer, compared with what the needle shows."""
    cases = [
        Case(
            str(number), video_names(row, "video"), row.maybe("question") or NIAVH_QUESTION,
            reference=row.text("needle", "answer"), labels=_place(row), evidence=_needle(row),
        )
        for number, row in enumerate(read_rows(file, _HINT), 1)
    ]  # fmt: skip
    return Loaded(tuple(cases))


def _place(row: Row) -> tuple[tuple[str, str], ...]:
    return labels(
        ("length", row.maybe("context_length", "duration", "frames")), ("depth", row.maybe("depth_percent", "depth"))
    )


def _needle(row: Row) -> tuple[TimeSpan, ...]:
    """Where the needle lies: given as `start_s`, or computed from length and depth."""
    if row.has("start_s"):
        start = row.number("start_s")
    elif row.has("context_length") and row.has("depth_percent"):
        start = float(int(row.number("context_length") * row.number("depth_percent") / 100))
    else:
        return ()
    if start < 0:
        raise row.refused("the needle lies before the video")
    return (TimeSpan(start, start + NEEDLE_S),)
