"""Resumable uploads: a file arrives in pieces, even over lost connections, and is then ingested like any other.

An upload is a folder of its own below that of all uploads: `.upload.json` says what is wanted, `.incoming`
grows, and its size is how far it is. So a server that was stopped knows its uploads again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from app.core.errors import BadInput, Conflict, NotFound, StorageFull, WorkerFailed
from app.core.requests import IngestRequest
from app.core.types import from_json, to_json
from app.jobs.states import JobState
from app.jobs.store import JobStore
from app.services.ingest import IngestService
from app.services.library import PART, LibraryService, safe_name

ABANDONED_S = 86_400.0
"""An upload that nothing was added to, and a file that nothing asked for, for this long is removed."""
LOOK_EVERY_S = 3600.0
"""How often files that nothing asks for are looked for."""
ALL_JOBS = 2**31 - 1
"""As many as any store takes for a limit."""

_ID = re.compile(r"[0-9a-f]{32}")
_RECORD, _LOCK = ".upload.json", ".lock"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way."""

    id: str
    name: str
    length: int
    """Bytes of the whole file."""
    title: str | None = None
    stem: str | None = None
    """What the file is called where neither a person nor the file itself gives a title."""
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: str = ""
    """What the sender said about it, as it was sent."""
    job: str | None = None
    """The job that ingests the file, once it is complete."""
    offset: int = 0
    """Bytes received so far."""
    changed_at: float = 0.0
    """When something was added last, seconds since 1970."""

    @property
    def expires_at(self) -> float | None:
        """When it is removed unless something is added, seconds since 1970; None for one that is complete."""
        return None if self.offset == self.length else self.changed_at + ABANDONED_S


class Appending:
    """Bytes on their way to the end of an upload."""

    def __init__(self, upload: Upload, path: Path) -> None:
        self.upload = upload
        """As it was before; once all is written, as it is then."""
        self._left = upload.length - upload.offset
        self._path = path
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Adds bytes. Raises BadInput for more than were announced, StorageFull."""
        self._left -= len(data)
        if self._left < 0:
            raise BadInput("More bytes arrived than the upload announced.", "Send as many bytes as Upload-Length says.")
        try:
            self._file = self._file or self._path.open("ab")
            self._file.write(data)
        except OSError as error:
            raise _full(error) from error

    def close(self) -> None:
        """Makes sure that the bytes are on the disk. Raises StorageFull."""
        if self._file is None:
            return
        try:
            with self._file as file:
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _full(error) from error


class UploadService:
    """Receives files piece by piece."""

    def __init__(
        self, folder: Path, max_bytes: Callable[[], int], ingest: IngestService, library: LibraryService, jobs: JobStore
    ) -> None:
        self.max_bytes = max_bytes
        self._folder = folder
        self._ingest = ingest
        self._library = library
        self._jobs = jobs
        self._looked_at = float("-inf")
        self._announcing = threading.Lock()

    def create(self, announced: Upload) -> Upload:
        """A new upload of `wanted.length` bytes. Raises BadInput for an impossible size, StorageFull."""
        if not 0 < announced.length <= self.max_bytes():
            raise BadInput(
                f"A file of {announced.length} bytes cannot be uploaded.",
                f"Send 1 byte to {self.max_bytes() / 1e9:g} GB; LONGREEL_SERVER__MAX_UPLOAD_GB sets the most.",
            )
        upload = replace(announced, id=uuid.uuid4().hex, name=safe_name(announced.name))
        place = self._folder / upload.id
        try:
            place.mkdir(parents=True)
            with self._announcing:
                coming = upload.length  # with the bytes of the other uploads that are on their way and not here yet
                for part in self._folder.glob(f"*/{PART}"):
                    with suppress(NotFound):
                        other = self.find(part.parent.name)
                        coming += other.length - other.offset
                if shutil.disk_usage(place).free < coming:
                    raise StorageFull(
                        "There is no room for this file beside the uploads in progress.",
                        "Free some space on the server's disk, or wait until they have finished.",
                    )
                (place / PART).touch()
                self._write(upload)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise _full(error) from error
        except StorageFull:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return self.find(upload.id)

    def find(self, id: str) -> Upload:
        """One upload, and how far it is. Raises NotFound, also for one that was abandoned or has no readable record."""
        place = self._folder / id
        try:
            if not _ID.fullmatch(id):
                raise FileNotFoundError(id)
            upload = from_json(Upload, json.loads((place / _RECORD).read_text("utf-8")))
        except (FileNotFoundError, ValueError) as error:
            raise NotFound(
                "There is no such upload.", "Start again; an upload that stops for a day is removed."
            ) from error
        try:
            there = (place / PART).stat()
        except FileNotFoundError:
            return replace(upload, id=id, offset=upload.length)
        return replace(upload, id=id, offset=there.st_size, changed_at=there.st_mtime)

    @contextmanager
    def writing(self, id: str) -> Iterator[Appending]:
        """The upload, while nobody else adds to it; what came before an error stays.

        A complete file is given to a worker at the end. Raises NotFound, WorkerFailed while another request adds to it.
        """
        with self._alone(id):
            appending = Appending(self.find(id), self._folder / id / PART)
            try:
                yield appending
            finally:
                appending.close()
            appending.upload = self.settle(self.find(id))

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        place = self._folder / self.find(id).id
        try:
            # The threads that begin and end a request need not be the same.
            with FileLock(place / _LOCK, timeout=0, thread_local=False):
                yield
        except Timeout as error:
            raise WorkerFailed("Another request is writing to this upload.", "Try again in a moment.") from error

    def settle(self, upload: Upload) -> Upload:
        """Gives a complete file to a worker unless that was done; others come back as they are."""
        if upload.offset < upload.length or upload.job is not None:
            return upload
        place = self._folder / upload.id
        path = place / upload.name
        if (place / PART).exists():
            (place / PART).rename(path)
        request = IngestRequest(
            path, title=upload.title, name=upload.stem, language=upload.language, tags=tuple(upload.tags)
        )
        job = self._ingest.submit(request)
        settled = replace(upload, job=job.id)
        self._write(settled)
        return settled

    def remove(self, id: str) -> None:
        """Forgets an upload that is not complete. Raises NotFound, BadInput for one that is."""
        with self._alone(id):
            upload = self.find(id)
            if upload.offset == upload.length:
                raise Conflict("The upload is already complete.", "Cancel its job, or delete its video.")
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def sweep(self) -> None:
        """Removes what was abandoned, of simple uploads too: files that never came whole, and files for nothing."""
        if not self._folder.is_dir():
            return
        abandoned = [part.parent for part in self._folder.glob(f"*/{PART}") if _is_old(part)]
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            # Whole files that are no video's, and that no job may still read: a job that failed was dismissed.
            places = (place for place in self._folder.iterdir() if place.is_dir() and not (place / PART).exists())
            if old := [place for place in places if _is_old(place)]:
                states = [state for state in JobState if state is not JobState.FINISHED]
                jobs = (job for state in states for job in self._jobs.list(state, ALL_JOBS) if not job.dismissed)
                payloads = "\n".join(json.dumps(job.payload) for job in jobs)
                # after the jobs: the video of one that ends meanwhile is there by then
                in_library = {Path(path).parent.name for path in self._library.files()}
                abandoned += [one for one in old if one.name not in payloads and one.name not in in_library]
        for place in abandoned:
            shutil.rmtree(place, ignore_errors=True)

    def _write(self, upload: Upload) -> None:
        """Replaces the record as a whole."""
        place = self._folder / upload.id
        fresh = place / f"{_RECORD}.new"
        fresh.write_text(json.dumps(to_json(upload)), "utf-8")
        os.replace(fresh, place / _RECORD)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:
        return False


def _full(error: OSError) -> StorageFull:
    return StorageFull(f"The upload could not be stored: {error.strerror}.", "Free some space, then resume.")
