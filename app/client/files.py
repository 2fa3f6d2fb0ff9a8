"""Files that are uploaded or downloaded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from app.client.following import Reconnect
from app.core.errors import BadInput
from app.core.paths import readable

PIECE = 8 << 20
"""Bytes that a resumable upload sends at a time."""

OnProgress = Callable[[int, int], None]
"""Gets the number of bytes sent or received so far, and the size of the file."""


@contextmanager
def upload_form(
    path: Path, fields: dict[str, str | None], subtitles: Path | None, on_progress: OnProgress | None
) -> Iterator[dict[str, Any]]:
    """The form that uploads a file, read from disk while it is sent. Raises BadInput."""
    opened: list[io.FileIO] = []
    try:
        opened.append(_SentFile(path, on_progress))
        files = {"file": (readable(path.name), opened[0])}
        if subtitles is not None:
            opened.append(_SentFile(subtitles, None))
            files["subtitles"] = (readable(subtitles.name), opened[1])
        yield {"data": {name: value for name, value in fields.items() if value}, "files": files}
    except OSError as error:
        raise BadInput(f"{error.filename or path} cannot be read: {error.strerror}.", "Check the path.") from error
    finally:
        for file in opened:
            file.close()


class _SentFile(io.FileIO):
    """A file that reports how much of it has been read."""

    def __init__(self, path: Path, on_progress: OnProgress | None) -> None:
        super().__init__(path)
        self._on_progress = on_progress
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        if self._on_progress is not None and data:
            self._on_progress(self.tell(), self._size)
        return data or b""


class Sending:
    """A file that is sent in pieces. As a context manager it holds the file open. Raises BadInput."""

    def __init__(self, path: Path, on_progress: OnProgress | None) -> None:
        self.reconnect = Reconnect()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        self.size = path.stat().st_size
        self._on_progress = on_progress
        self._reached = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def piece(self, offset: int) -> bytes:
        """The next piece to send, from an offset on."""
        self._file.seek(offset)
        return self._file.read(PIECE)

    def reached(self, offset: int) -> None:
        """Notes that the server has the file up to an offset."""
        if offset > self._reached:
            self._reached = offset
            self.reconnect.restored()
            if self._on_progress is not None:
                self._on_progress(offset, self.size)


@contextmanager
def saved(path: Path, response: httpx.Response, on_progress: OnProgress | None) -> Iterator[Callable[[bytes], None]]:
    """Writes a file piece by piece; it gets its name only once it is complete. Raises BadInput."""
    size, part = int(response.headers.get("content-length", 0)), path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:

            def write(piece: bytes) -> None:
                file.write(piece)
                if on_progress is not None:
                    on_progress(file.tell(), size)

            yield write
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Check the path and the free space.") from error
    finally:
        with suppress(OSError):
            part.unlink()
