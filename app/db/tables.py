"""The tables, as SQLAlchemy sees them. A migration makes each; the suite compares the two.

Times of a video are seconds on its clock; times of jobs are seconds since 1970 (UTC). Every table
that belongs to a video has an index that starts with `video_id`, so that deleting one is quick.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class PlainText(TypeDecorator[str]):
    """Text that any database can hold: without NUL characters and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What is sent to the database."""
        return None if value is None else plain(value)


class FilePath(TypeDecorator[str]):
    """A path in the bytes of the file system: a name need not be valid Unicode."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """What is sent to the database."""
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What comes back."""
        return None if value is None else os.fsdecode(bytes(value))


def plain(value: str) -> str:
    """The text without NUL characters, with a question mark for each half of a broken character."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


def _number() -> Column[int]:
    return Column("number", Integer, primary_key=True, autoincrement=True)


def _of_video(*, primary_key: bool = False) -> Column[str]:
    reference = ForeignKey("videos.id", ondelete="CASCADE")
    return Column("video_id", String, reference, primary_key=primary_key, nullable=False)


videos = Table(
    "videos",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("path", FilePath, nullable=False),
    Column("media", JSON, nullable=False),
    Column("language", String),
    Column("added_at", String, nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("deleted_at", Double),
    Column("source", PlainText, nullable=False, server_default=""),
    UniqueConstraint("id"),
)

collections = Table(
    "collections",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("key", String, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("key"),
)

collection_videos = Table(
    "collection_videos",
    metadata,
    _of_video(primary_key=True),
    Column("collection_id", String, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_collection_videos_collection", "collection_id"),
)

utterances = Table(
    "utterances",
    metadata,
    _number(),
    _of_video(),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("words", JSON, nullable=False),
    Column("speaker", PlainText),
    Column("confidence", Double, nullable=False),
    Column("language", String),
    Index("ix_utterances_video", "video_id", "start_s"),
)

voices = Table(
    "voices",
    metadata,
    _number(),
    _of_video(),
    Column("label", String, nullable=False),
    Column("name", PlainText),
    Column("recognised", Boolean, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("video_id", "label"),
    Index("ix_voices_name", "name"),
)

faces = Table(
    "faces",
    metadata,
    _number(),
    _of_video(),
    Column("label", String, nullable=False),
    Column("name", PlainText),
    Column("recognised", Boolean, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("spans", JSON, nullable=False),
    UniqueConstraint("video_id", "label"),
    Index("ix_faces_name", "name"),
)

segments = Table(
    "segments",
    metadata,
    Column("id", String, primary_key=True),
    _of_video(),
    Column("kind", String, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("model", PlainText, nullable=False),
    Column("frame_s", Double),
    Column("question", PlainText),
    Index("ix_segments_video", "video_id", "kind", "start_s"),
)

mentions = Table(
    "mentions",
    metadata,
    _number(),
    _of_video(),
    Column("kind", String, nullable=False),
    Column("key", PlainText, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("source", String, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("quote", PlainText, nullable=False),
    Column("frame_s", Double),
    Index("ix_mentions_video", "video_id"),
    Index("ix_mentions_key", "kind", "key"),
)

object_tracks = Table(
    "object_tracks",
    metadata,
    _number(),
    _of_video(),
    Column("name", String, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("boxes", JSON, nullable=False),
    Column("shares", JSON, nullable=False),
    Index("ix_object_tracks_video", "video_id", "start_s"),
)

digests = Table(
    "digests",
    metadata,
    _of_video(primary_key=True),
    Column("summary", PlainText, nullable=False),
    Column("citations", JSON, nullable=False),
)

chapters = Table(
    "chapters",
    metadata,
    _number(),
    _of_video(),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("summary", PlainText, nullable=False),
    Column("citations", JSON, nullable=False),
    Index("ix_chapters_video", "video_id", "start_s"),
)

answers = Table(
    "answers",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("question", PlainText, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("trace", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("id"),
)

answer_videos = Table(
    "answer_videos",
    metadata,
    Column("answer_id", String, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    _of_video(primary_key=True),
    Column("position", Integer, nullable=False),
    Index("ix_answer_videos_video", "video_id"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("answer_id", String, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("verdict", String, nullable=False),
    Column("note", PlainText, nullable=False),
    Column("created_at", Double, nullable=False),
)

stage_units = Table(
    "stage_units",
    metadata,
    _number(),
    Column("video_id", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("version", PlainText, nullable=False),
    Column("unit", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("video_id", "stage", "unit"),
)

stage_results = Table(
    "stage_results",
    metadata,
    Column("video_id", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("version", PlainText, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String),
    Column("parent", String),
    Column("payload", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("progress", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("due_at", Double, nullable=False),
    Column("lease_until", Double),
    Column("worker", PlainText),
    Column("cancel_requested", Boolean, nullable=False),
    Column("event_count", Integer, nullable=False),
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("dismissed", Boolean, nullable=False, server_default=false()),
    Column("request_key", String),
    UniqueConstraint("id"),
    Index("uq_jobs_request_key", "request_key", unique=True),
    Index("ix_jobs_state", "state", "due_at"),
    Index("ix_jobs_parent", "parent"),
    Index(
        "uq_jobs_active_key",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("state IN ('queued', 'running')"),
        postgresql_where=text("state IN ('queued', 'running')"),
    ),
)

job_events = Table(
    "job_events",
    metadata,
    Column("job_id", String, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String, nullable=False),
    Column("event", JSON, nullable=False),
)

schedules = Table(
    "schedules",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("folder", FilePath, nullable=False),
    Column("cron", String),
    Column("every_s", Double),
    Column("collection_id", String, ForeignKey("collections.id", ondelete="SET NULL")),
    Column("summary", JSON(none_as_null=True)),
    Column("paused", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("lease_until", Double),
    Column("last_at", Double),
    Column("outcome", JSON(none_as_null=True)),
    UniqueConstraint("id"),
)

watched_files = Table(
    "watched_files",
    metadata,
    Column("schedule_id", String, ForeignKey("schedules.id", ondelete="CASCADE"), primary_key=True),
    Column("file", String, primary_key=True),
    Column("look", String, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("taken", Boolean, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    _number(),
    Column("id", String, nullable=False),
    Column("title", PlainText, nullable=False),
    Column("videos", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    UniqueConstraint("id"),
)

turns = Table(
    "turns",
    metadata,
    _number(),
    Column("thread_id", String, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("answer_id", String, ForeignKey("answers.id", ondelete="CASCADE"), nullable=False),
    Column("question", PlainText, nullable=False),
    Index("ix_turns_thread", "thread_id", "number"),
    Index("ix_turns_answer", "answer_id"),
)
