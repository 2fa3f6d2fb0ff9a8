"""LV-Haystack (arXiv 2504.02259)."""

from __future__ import annotations

from pathlib import Path

from app.evaluation.cases import Case, Loaded
from app.evaluation.datasets.choices import letter_of, options_of
from app.evaluation.datasets.common import video_names
from app.evaluation.datasets.rows import Row, read_rows


def lv_haystack(file: Path) -> Loaded:
    """LV-Haystack (arXiv 2504.02259): options by letter, and the indices of the frames that show the answer."""
    cases = []
    for number, row in enumerate(read_rows(file), 1):
        given = row.any("options")
        by_letter = (
            [given[key] for key in sorted(given) if given[key] is not None]
            if isinstance(given, dict)
            else row.sequence("options")
        )
        options = options_of(row, by_letter)
        about = row.any("video_metadata")
        rate = Row(row.file, row.place, about if isinstance(about, dict) else {}).number("frame_rate")
        if rate <= 0:
            raise row.refused("frame_rate is not above 0")
        id = f"{row.text('vclip_id') if row.has('vclip_id') else row.text('video_id')}/{number}"
        cases.append(Case(
            id, video_names(row, "video_id"), row.text("question"), options, letter_of(row, row.any("answer"), options),
            moments_s=tuple(sorted(float(index) / rate for index in row.sequence("frame_indexes_video"))),
        ))  # fmt: skip
    return Loaded(tuple(cases))
