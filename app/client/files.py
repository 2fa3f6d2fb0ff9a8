"""Files on their way up and down."""

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
"""Bytes of an upload that are sent at a time, where it can go on after a break."""

Tell = Callable[[int, int], None]
"""Told how many bytes of a file are sent or received, and how many there are."""


@contextmanager
def upload_form(
    path: Path, fields: dict[str, str | None], subtitles: Path | None, tell: Tell | None
) -> Iterator[dict[str, Any]]:
    """The form that uploads a file; it is read from the disk while it is sent. Raises BadInput."""
    opened: list[io.FileIO] = []
    try:
        opened.append(_SentFile(path, tell))
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
    """A file that tells how far it was read."""

    def __init__(self, path: Path, tell: Tell | None) -> None:
        super().__init__(path)
        self._told = tell
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size)
        if self._told is not None and data:
            self._told(self.tell(), self._size)
        return data or b""


class Sending:
    """A file that is sent in pieces. As a context it holds the file open. Raises BadInput."""

    def __init__(self, path: Path, tell: Tell | None) -> None:
        self.patience = Reconnect()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
        self.size = path.stat().st_size
        self._tell = tell
        self._reached = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def piece(self, offset: int) -> bytes:
        """What is to be sent from there on."""
        self._file.seek(offset)
        return self._file.read(PIECE)

    def reached(self, offset: int) -> None:
        """So much of it is there."""
        if offset > self._reached:
            self._reached = offset
            self.patience.restored()
            if self._tell is not None:
                self._tell(offset, self.size)


@contextmanager
def saved(path: Path, response: httpx.Response, tell: Tell | None) -> Iterator[Callable[[bytes], None]]:
    """Takes a file's pieces; it stands under its name once it is whole. Raises BadInput."""
    size, part = int(response.headers.get("content-length", 0)), path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:

            def write(piece: bytes) -> None:
                file.write(piece)
                if tell is not None:
                    tell(file.tell(), size)

            yield write
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Check the path and the free space.") from error
    finally:
        with suppress(OSError):
            part.unlink()
