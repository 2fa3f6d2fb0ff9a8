"""Reports of `longreel eval` on the wire. Shares are 0 to 1; null where there was nothing to count."""

from __future__ import annotations

from app.api.schemas.base import Wire


class ShareOut(Wire):
    """A part of a whole."""

    value: float | None
    interval: tuple[float, float] | None = None
    """95 %."""
    part: float
    of: float


class BinOut(Wire):
    """Answers of about one confidence, and how many of them are right."""

    low: float
    high: float
    answers: int
    confidence: float
    right: float


class ModeCostOut(Wire):
    """Mean costs of a question."""

    seconds: float | None
    median_seconds: float | None
    frames: float | None
    prompt_tokens: float | None
    output_tokens: float | None


class ModeOut(Wire):
    """The results of one mode."""

    questions: int
    errors: int
    accuracy: ShareOut
    proven: ShareOut
    """Right with a verified citation, or rightly refused."""
    citation_precision: ShareOut
    citation_recall: ShareOut
    refusal_recall: ShareOut
    wrong_refusals: ShareOut
    calibration_error: float | None
    reliability: list[BinOut]
    by_label: dict[str, dict[str, ShareOut]]
    """Accuracy by what the benchmark says of its questions, such as their type."""
    cost: ModeCostOut


class EvaluationOut(Wire):
    """The report of a run."""

    name: str
    """The name of its folder."""
    title: str
    benchmark: str
    made_at: str
    """UTC, ISO 8601."""
    notes: list[str]
    modes: dict[str, ModeOut]
