"""Reads a multipart upload as it arrives: a file of any size goes straight to its place on disk.

The body is parsed in a worker thread that asks the event loop for the next piece only when the
last one is written, so neither memory nor a temporary folder ever holds the file.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Self

import anyio.from_thread
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.core.errors import BadInput, Cancelled

Receive = Callable[[str, Iterable[bytes]], Path]
"""Stores what arrives under a file name, and tells where."""

LONGEST_FIELD = 4096
LONGEST_SUBTITLES = 20_000_000
FORM_HINT = "Send the form fields file, and where wanted title, language and subtitles."


class Body(Iterator[bytes]):
    """A request's body, read piece by piece from a worker thread."""

    def __init__(self, request: Request) -> None:
        self._pieces = request.stream()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """The next piece. Raises Cancelled when the sender has gone."""
        try:
            return anyio.from_thread.run(self._pieces.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None
        except ClientDisconnect as error:
            raise Cancelled("The upload was cut off.") from error

    def drain(self, seconds: float) -> None:
        """Reads on for a while and forgets it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and next(self, None) is not None:
            pass


@dataclass
class UploadForm:
    """What a form brought."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The file names as the sender calls them."""

    def discard(self) -> None:
        """Deletes what was stored."""
        for path in self.files.values():
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()


@dataclass
class _Part:
    name: str
    file_name: str | None


def read_upload(content_type: str, body: Iterator[bytes], receive: Receive) -> UploadForm:
    """Stores the files "file" and "subtitles" of a form.

    Raises BadInput, and what `receive` raises; then nothing stays.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadInput("The request is not a multipart form.", FORM_HINT)
    upload = UploadForm()
    try:
        parts = _Parts(options[b"boundary"], body)
        while (part := parts.next_part()) is not None:
            _take(upload, part, parts.data(), receive)
    except FormParserError as error:
        upload.discard()
        raise BadInput("The form is damaged or incomplete.", "Upload the file again.") from error
    except BaseException:
        upload.discard()
        raise
    if "file" not in upload.files:
        upload.discard()
        raise BadInput("The form has no file.", FORM_HINT)
    return upload


def _take(upload: UploadForm, part: _Part, data: Iterator[bytes], receive: Receive) -> None:
    if part.file_name is None:
        upload.fields[part.name] = b"".join(_limited(data, LONGEST_FIELD, part.name)).decode("utf-8", "replace")
    elif not part.file_name:
        deque(data, maxlen=0)
    elif part.name not in ("file", "subtitles") or part.name in upload.files:
        raise BadInput(f"The form has an unexpected file {part.name}.", FORM_HINT)
    else:
        limited = data if part.name == "file" else _limited(data, LONGEST_SUBTITLES, part.name)
        upload.names[part.name] = PurePath(part.file_name.replace("\\", "/")).name
        upload.files[part.name] = receive(part.file_name, limited)


def _limited(data: Iterator[bytes], most: int, name: str) -> Iterator[bytes]:
    size = 0
    for piece in data:
        size += len(piece)
        if size > most:
            raise BadInput(f"The field {name} is longer than {most} bytes.", "Shorten it.")
        yield piece


class _Parts:
    """Turns the parser's calls into parts and their data, in the order of the body."""

    def __init__(self, boundary: bytes, body: Iterator[bytes]) -> None:
        self._body = body
        self._events: deque[_Part | bytes | None] = deque()
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        self._complete = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                "on_part_end": lambda: self._events.append(None),
                "on_end": self._on_end,
            },
        )

    def next_part(self) -> _Part | None:
        """The next part, or None at the end of the form. Raises FormParserError for a body that was cut off."""
        while (event := self._next()) is not self:
            if isinstance(event, _Part):
                return event
        if not self._complete:
            raise FormParserError("the form ends too early")
        return None

    def data(self) -> Iterator[bytes]:
        """The bytes of the part that `next_part` gave."""
        while (event := self._next()) is not None:
            if not isinstance(event, bytes):
                raise FormParserError("the part ends too early")
            yield event

    def _next(self) -> _Part | bytes | _Parts | None:
        while not self._events:
            piece = next(self._body, None)
            if piece is None:
                return self
            self._parser.write(piece)
        return self._events.popleft()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", "").encode())
        file_name = options.get(b"filename")
        name = options.get(b"name", b"").decode("utf-8", "replace")
        self._events.append(_Part(name, None if file_name is None else file_name.decode("utf-8", "replace")))

    def _on_end(self) -> None:
        self._complete = True
