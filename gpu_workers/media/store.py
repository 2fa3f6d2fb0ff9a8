"""Stores thumbnails, frames and the files of batches in a folder."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from app.core.errors import BadInput, NotFound, StorageFull, WorkerFailed

_PART = ".part"


class FolderMediaStore:
    """A folder on this machine. A file appears under its key when it is whole, never before. Plays `MediaStore`."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    def put(self, key: str, data: bytes | Path) -> None:
        """See the port. Raises StorageFull, BadInput for a key that leaves the folder, WorkerFailed."""
        target = self._place(key)
        if isinstance(data, Path) and not data.is_file():
            raise BadInput(f"There is no file {data}.", "Check the path.")
        with _disk_errors(key):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, suffix=_PART)
            try:
                with os.fdopen(handle, "wb") as file:
                    if isinstance(data, bytes):
                        file.write(data)
                    else:
                        with data.open("rb") as source:
                            shutil.copyfileobj(source, file, 1 << 20)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, target)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise

    def get(self, key: str) -> bytes:
        """See the port. Raises NotFound."""
        path = self.local_path(key)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise _no_such(key) from error

    def local_path(self, key: str) -> Path:
        """See the port. Raises NotFound."""
        path = self._place(key)
        if not path.is_file():
            raise _no_such(key)
        return path

    def remove(self, prefix: str) -> None:
        """Deletes a key, or all keys below a folder of keys; "" deletes all. See the port."""
        path = self._root if prefix.strip("/") == "" else self._place(prefix.rstrip("/"))
        with _disk_errors(prefix):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
            raise BadInput(f"{key!r} cannot be a key.", "Use a relative path with forward slashes.")
        path = self._root.joinpath(*parts)
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise BadInput(f"{key!r} leads out of the media folder.", "Remove the link in the folder.")
        return path


def _no_such(key: str) -> NotFound:
    return NotFound(f"The media store has no {key}.", "It may have been deleted; ingest the video again to restore it.")


@contextmanager
def _disk_errors(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                "The disk is full.", "Free some space, then resume: finished work is not lost."
            ) from error
        raise WorkerFailed(
            f"{key} cannot be stored: {error.strerror}.", "Check the permissions of the media folder."
        ) from error
