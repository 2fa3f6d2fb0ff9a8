"""Cases and results in a line each, for tests of scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.types import AnswerStatus, Citation, SegmentKind, TimeSpan, Usage, VideoId
from app.evaluation.cases import Case
from app.evaluation.metrics.scores import JudgedCase
from app.evaluation.run.results import Result

VIDEO = VideoId("a" * 64)
ANSWERED, REFUSED = AnswerStatus.ANSWERED, AnswerStatus.NOT_IN_VIDEO
Span = tuple[float, float]


def case(
    id: str = "q",
    answer: int | None = 0,
    *,
    options: Sequence[str] = ("red", "green", "blue", "grey"),
    evidence: Sequence[Span] = (),
    **more: Any,
) -> Case:
    return Case(id, ("v.mp4",), "Which?", tuple(options), answer, evidence=spans(evidence), **more)


def result(
    option: int | None = None,
    *cited: Span,
    id: str = "q",
    status: AnswerStatus | None = ANSWERED,
    confidence: float | None = 0.5,
    text: str = "",
    usage: Usage | None = None,
    mode: str = "full",
) -> Result:
    citations = tuple(Citation(VIDEO, span, SegmentKind.SPEECH, "said", None, True) for span in spans(cited))
    error = "it broke" if status is None else ""
    return Result(id, mode, status, option, text, confidence, citations, usage or Usage(), error)


def spans(pairs: Sequence[Span]) -> tuple[TimeSpan, ...]:
    return tuple(TimeSpan(start, end) for start, end in pairs)


def judged(one: Case, other: Result) -> JudgedCase:
    return JudgedCase(one, other)


def file_of(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path
