"""Summaries in which every sentence cites its source."""

from app.services.summarize.service import SummarizeService
from app.services.summarize.shapes import (
    CollectionSummary,
    Length,
    Point,
    Section,
    Style,
    SummaryRequest,
    VideoSentence,
    VideoSummary,
)
from app.services.summarize.work import SummaryParts

__all__ = [
    "CollectionSummary",
    "Length",
    "Point",
    "Section",
    "Style",
    "SummarizeService",
    "SummaryParts",
    "SummaryRequest",
    "VideoSentence",
    "VideoSummary",
]
