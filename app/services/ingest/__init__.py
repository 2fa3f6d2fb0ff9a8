"""Ingest: from a file to segments that can be searched."""

from app.services.ingest.run import IngestParts, Options
from app.services.ingest.service import IngestService

__all__ = ["IngestParts", "IngestService", "Options"]
