"""What a model wrote, read strictly: one option, an answer, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, Usage, Video
from app.evaluation.cases import Case
from app.evaluation.datasets.choices import read_letter

REFUSAL = "The video does not say."
REFUSE = f"If the video does not answer this, reply exactly: {REFUSAL}"


def answer_of(text: str, case: Case, cited: Sequence[Citation], usage: Usage, *, option: int | None = None) -> Answer:
    """A reply as an answer. A choice without exactly one option is none; an open question may be refused."""
    text = text.strip()
    if case.options:
        option = read_letter(text, case.options) if option is None else option
    if not text or (case.options and option is None):
        return Answer(AnswerStatus.INSUFFICIENT, text, usage=usage)
    if not case.options and text.casefold().strip(" .\"'") == REFUSAL.casefold().strip("."):
        return Answer(AnswerStatus.NOT_IN_VIDEO, text, usage=usage)
    return Answer(AnswerStatus.ANSWERED, text, None, tuple(cited), option, usage)


def cited_frames(video: Video, times_s: Sequence[float]) -> tuple[Citation, ...]:
    """The frames that were shown, or the whole video where none was."""
    if not times_s:
        return cited_spans(video, [video.media.whole], SegmentKind.SPEECH)
    return tuple(Citation(video.id, TimeSpan(at, at), SegmentKind.VISUAL, "", at) for at in times_s)


def cited_spans(
    video: Video, spans: Sequence[TimeSpan], kind: SegmentKind = SegmentKind.VISUAL
) -> tuple[Citation, ...]:
    """Spans as unchecked citations."""
    return tuple(Citation(video.id, span, kind, "") for span in spans)


def json_in(text: str) -> Any:
    """The first JSON object or list of a text; None when there is none that can be read."""
    decoder = json.JSONDecoder()
    for place, letter in enumerate(text):
        if letter in "{[":
            try:
                return decoder.raw_decode(text, place)[0]
            except ValueError:
                continue
    return None
