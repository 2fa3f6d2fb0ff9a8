"""One Chroma client for a folder or a server: opening, locking, closing, and its errors in our words."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import NotFoundError

from app.core.errors import BadSettings, Damaged, InUse, LongreelError, StorageFull, WorkerFailed
from retrieval.damage import REINDEX, damage_mark

LOCK_NAME = "longreel.lock"
DATABASE = "chroma.sqlite3"
_COMPACT = (
    "UPDATE embeddings_queue SET metadata = NULL WHERE seq_id <= (SELECT max(m.seq_id) FROM max_seq_id m"
    " JOIN segments s ON s.id = m.segment_id WHERE s.scope = 'METADATA' AND s.collection = substr(topic, -36))",
    "INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('optimize')",
    "VACUUM",
    "PRAGMA wal_checkpoint(TRUNCATE)",
)
_POLL_S = 0.1
_ANSWER_S = 60.0
_CHECKED_AT_ONCE = 1000


@dataclass(slots=True)
class _Embedded:
    """An open folder, which all indexes of this process share."""

    client: Any
    lock: int
    users: int = 0


_open_folders: dict[Path, _Embedded] = {}
_open_folders_lock = threading.Lock()


class ChromaStore:
    """Opens its client with the first call and keeps it until `close`."""

    def __init__(self, path: Path | None, url: str | None, wait_s: float) -> None:
        if path is None and not url:
            raise BadSettings(
                "The segment index needs a folder or a server.", "Set LONGREEL_DATA or LONGREEL_CHROMA_URL."
            )
        self.path = None if url or path is None else path.expanduser().resolve()
        self.url = url
        self._wait_s = wait_s
        self._client: Any = None
        self._lock = threading.Lock()

    def client(self) -> Any:
        """The chromadb client."""
        with self._lock:
            if self._client is None:
                self._client = _connect(self.url or "") if self.path is None else _open(self.path, self._wait_s)
            return self._client

    def compact(self) -> None:
        """Writes the database of the folder anew, without what was removed; a server is left alone.

        Chroma leaves removed texts in its queue of changes, in its index of words and in free pages. The queue stays,
        since it feeds the vectors to a graph in memory, but no graph needs the texts in it. What is queued after the
        texts were read is left for the next time.
        """
        if self.path is None:
            return
        self.client()
        database = sqlite3.connect(self.path / DATABASE, timeout=_ANSWER_S, isolation_level=None)
        with closing(database):
            for statement in _COMPACT:
                database.execute(statement)

    def check(self) -> None:
        """Reads the database of the folder and every vector. Raises Damaged."""
        if self.path is not None and (self.path / DATABASE).exists():
            with closing(sqlite3.connect(self.path / DATABASE, timeout=_ANSWER_S)) as database:
                problem = database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise Damaged(f"Damage in {self}: {problem}.", REINDEX)
        try:
            for collection in self.client().list_collections():
                for first in range(0, collection.count(), _CHECKED_AT_ONCE):
                    collection.get(limit=_CHECKED_AT_ONCE, offset=first, include=["embeddings"])
                if collection.count():
                    sample = collection.get(limit=1, include=["embeddings"])["embeddings"]
                    collection.query(query_embeddings=sample, n_results=1, include=[])
        except LongreelError:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit) or self.path is None:
                raise
            raise Damaged(f"Damage in {self}: {error}.", REINDEX) from error

    def set_aside(self) -> None:
        """Gives the folder another name; the next call begins a new one. A server's data is left alone."""
        if self.path is None:
            return
        with self._lock:
            self._client = None
            with _open_folders_lock:
                embedded = _open_folders.pop(self.path, None)
                SharedSystemClient._identifier_to_system.pop(str(self.path), None)
                if self.path.exists():
                    self.path.rename(self.path.with_name(f"{self.path.name}.{damage_mark()}"))
                if embedded is not None:
                    os.close(embedded.lock)

    def close(self) -> None:
        """Closes the client; for a folder, when no other index of this process uses it."""
        with self._lock:
            if self._client is None:
                return
            client, self._client = self._client, None
            if self.path is None:
                client.close()
                for session in _sessions(client):
                    session.close()
                return
            with _open_folders_lock:
                embedded = _open_folders[self.path]
                embedded.users -= 1
                if embedded.users == 0:
                    del _open_folders[self.path]
                    try:
                        embedded.client.close()
                    finally:
                        os.close(embedded.lock)

    def __str__(self) -> str:
        return f"the Chroma server at {self.url}" if self.path is None else f"the segment index {self.path.name}"


def _connect(url: str) -> Any:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings(f"LONGREEL_CHROMA_URL is not an address: {url}.", "Give one such as http://127.0.0.1:8000.")
    tls = parts.scheme == "https"
    client = chromadb.HttpClient(
        host=parts.hostname,
        port=parts.port or (443 if tls else 80),
        ssl=tls,
        settings=Settings(anonymized_telemetry=False),
    )
    for session in _sessions(client):
        session.timeout = _ANSWER_S
    return client


def _sessions(client: Any) -> list[Any]:
    """The HTTP sessions of a client, which Chroma neither limits in time nor closes."""
    return [client._server._session, client._admin_client._server._session]


def _open(path: Path, wait_s: float) -> Any:
    with _open_folders_lock:
        embedded = _open_folders.get(path)
        if embedded is None:
            path.mkdir(parents=True, exist_ok=True)
            lock = _locked(path / LOCK_NAME, wait_s)
            try:
                client = chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))
            except BaseException:
                # Chroma would hand out the half-open store again, even after its cause is mended.
                SharedSystemClient._identifier_to_system.pop(str(path), None)
                os.close(lock)
                raise
            embedded = _open_folders[path] = _Embedded(client, lock)
        embedded.users += 1
        return embedded.client


def _locked(path: Path, wait_s: float) -> int:
    """A descriptor that holds the lock until it is closed, which the system does when the process dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < give_up:
                time.sleep(_POLL_S)
                continue
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise InUse(
                f"Another process{f' ({holder})' if holder else ''} uses the segment index {path.parent.name}.",
                "Stop the server, or run a Chroma server and set LONGREEL_CHROMA_URL for all of them.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}\n".encode(), 0)
        return descriptor


@contextmanager
def translated(store: ChromaStore) -> Iterator[None]:
    """Chroma's errors as StorageFull or WorkerFailed with what to do."""
    try:
        yield
    except LongreelError:
        raise
    except Exception as error:
        raise _ours(store, error) from error
    except BaseException as error:
        # Chroma's Rust core reports damage as a panic, which is no Exception.
        if type(error).__name__ == "PanicException":
            raise _ours(store, error) from error
        raise


def _ours(store: ChromaStore, error: BaseException) -> LongreelError:
    reason = f"{error}".strip().rstrip(".") or type(error).__name__
    low = reason.lower()
    if "disk is full" in low or "no space left" in low or getattr(error, "errno", None) == errno.ENOSPC:
        return StorageFull(f"There is no space left for {store}.", "Free some space, then resume.")
    if store.path is None and isinstance(error, NotFoundError):
        return WorkerFailed(f"Data is missing on {store}: {reason}.", REINDEX)
    if store.path is None:
        return WorkerFailed(
            f"No answer from {store}: {reason}.", "Start it ('chroma run'), or correct or unset LONGREEL_CHROMA_URL."
        )
    if "readonly" in low or "read-only" in low or "unable to open" in low or isinstance(error, OSError):
        return WorkerFailed(f"Cannot write to {store}: {reason}.", "Check the folder and its permissions.")
    if "malformed" in low or "not a database" in low or type(error).__name__ == "PanicException":
        return Damaged(f"Damage in {store}: {reason}.", REINDEX)
    return WorkerFailed(f"Trouble with {store}: {reason}.", "Try again; see the log.")
