"""Summaries in which every sentence cites its source."""

from app.services.summarize.service import SummarizeService
from app.services.summarize.shapes import CollectionSummary, Point, Section, VideoSentence, VideoSummary
from app.services.summarize.work import SummaryParts

__all__ = [
    "CollectionSummary",
    "Point",
    "Section",
    "SummarizeService",
    "SummaryParts",
    "VideoSentence",
    "VideoSummary",
]
