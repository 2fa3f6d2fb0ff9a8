"""Resumable uploads on the wire."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas.base import Request, Wire


class UploadWish(Request):
    """What `Upload-Metadata` may say about a file; each value is base64 of UTF-8."""

    filename: str = Field("video", max_length=1000)
    title: str | None = Field(None, max_length=300)
    language: str | None = Field(None, pattern="^([a-z]{2,3}(,[a-z]{2,3})*|auto)$")
    collection: str | None = Field(None, max_length=100, pattern="^[^/]*$")


class UploadOut(Wire):
    """An upload in progress."""

    id: str
    name: str
    length: int
    """Bytes of the whole file."""
    offset: int
    """Bytes received so far."""
    job_id: str | None
    """The job that ingests the file, once it is complete."""
    expires_at: str | None
    """When it is removed if nothing more arrives. UTC, ISO 8601."""
