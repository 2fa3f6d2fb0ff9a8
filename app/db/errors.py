"""Turns the errors of databases into Longreel's. The only place that reads their codes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL

from app.core.errors import BadInput, LongreelError, MissingPart, NotFound, StorageFull, WorkerFailed

FREE_BYTES = 1 << 20
"""With less free space than this, a failed write counts as a full disk: SQLite reports some as "I/O error"."""

_POSTGRES = {
    "53100": "full",
    "25006": "read_only",
    "55P03": "busy",
    "40001": "busy",
    "40P01": "busy",
    "57014": "busy",
    "23503": "orphan",
    "42P01": "no_tables",
    "42703": "no_tables",
    "42501": "refused",
}

_SQLITE = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_CANTOPEN: "refused",
    sqlite3.SQLITE_PERM: "refused",
    sqlite3.SQLITE_AUTH: "refused",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_IOERR: "io",
}

_ERRORS: dict[str, tuple[type[LongreelError], str, str]] = {
    "full": (StorageFull, "There is no room left for {}.", "Free some space on its disk, then resume."),
    "read_only": (WorkerFailed, "Nothing can be written to {}.", "Make the file and its folder writable."),
    "busy": (WorkerFailed, "Another program keeps {} busy.", "Try again in a moment."),
    "io": (WorkerFailed, "The disk failed under {}.", "Check the disk, then resume."),
    "unreachable": (
        WorkerFailed,
        "The server of {} does not answer or does not let Longreel in.",
        "Start it, or correct LONGREEL_DATABASE_URL.",
    ),
    "refused": (
        MissingPart,
        "Longreel has no permission to open {}.",
        "Check that its folder exists and that you may write there.",
    ),
    "damaged": (MissingPart, "{} is damaged.", "Restore a backup, or move the file away and start over."),
    "no_tables": (MissingPart, "The tables of {} belong to another version.", "Start Longreel once to update."),
    "orphan": (
        NotFound,
        "The video or job that this belongs to was deleted.",
        "List the videos to see which exist.",
    ),
}


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Foreign errors of the block come out as LongreelError; faults of our own code pass unchanged."""
    try:
        yield
    except exc.DataError as error:
        raise BadInput(f"A value cannot be held by {where(url)}.", "Leave out NUL characters.") from error
    except exc.DBAPIError as error:
        reason = _reason(error, url)
        if reason not in _ERRORS:
            raise
        kind, message, hint = _ERRORS[reason]
        raise kind(message.format(where(url)), hint) from error
    except exc.TimeoutError as error:
        raise WorkerFailed(
            f"Too many requests are waiting for {where(url)}.",
            "Try again in a moment; if it happens again, use fewer workers.",
        ) from error


def where(url: URL) -> str:
    """What a person calls the database: callers over HTTP see it too, so without its folder, its user or password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {Path(url.database or '').name}"
    return f"the database {url.database} at {url.host or 'this machine'}"


def _reason(error: exc.DBAPIError, url: URL) -> str:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return "orphan"
        if code is None:
            return ""
        reason = _SQLITE.get(code & 0xFF, "")
        if reason in ("io", "refused"):
            with suppress(OSError):
                if shutil.disk_usage(Path(url.database or ".").parent).free < FREE_BYTES:
                    return "full"
        return "no_tables" if not reason and "no such" in str(original) else reason
    state = getattr(original, "sqlstate", None)
    if state in _POSTGRES:
        return _POSTGRES[state]
    if error.connection_invalidated or (isinstance(error, exc.OperationalError) and state is None):
        return "unreachable"
    if state is not None and state[:2] in ("08", "28", "3D", "53", "57"):
        return "unreachable"
    return ""
