"""Summaries whose every sentence says where it comes from."""

from app.services.summarize.service import SummarizeService, SummaryParts
from app.services.summarize.shapes import (
    Length,
    Overview,
    Point,
    Section,
    Style,
    VideoLine,
    VideoSummary,
    Wanted,
)

__all__ = [
    "Length",
    "Overview",
    "Point",
    "Section",
    "Style",
    "SummarizeService",
    "SummaryParts",
    "VideoLine",
    "VideoSummary",
    "Wanted",
]
