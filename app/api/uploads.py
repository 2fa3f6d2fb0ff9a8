"""Receives uploads of any size: each piece is written to disk as it arrives, and not held in memory.

The event loop waits for the pieces. A thread is needed only while one is written, so senders that are slow or stopped
hold none; `app.api.bodies` sends those away. Neither memory nor a temporary folder ever holds the file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import Protocol, TypeVar

import anyio
from anyio.to_thread import run_sync
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartState, parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.api.bodies import DRAIN_S
from app.core.errors import BadInput, Cancelled, StorageFull

Result = TypeVar("Result")

LONGEST_FIELD = 4096
MOST_FIELDS = 32
LONGEST_SUBTITLES = 20_000_000
FORM_HINT = "Send the form fields file, and where wanted title, language and subtitles."
ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""Browsers write these characters of a file name so, and no others."""
BLOCK = 1 << 18
"""Bytes that are gathered before they are written."""
WRITERS = 8
"""Threads that write what comes, beside those of the routes."""


class Sink(Protocol):
    """Where a file goes."""

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        ...

    def finish(self) -> Path:
        """The upload is complete; returns the path of the file."""
        ...

    def discard(self) -> None:
        """Removes what came."""
        ...


async def on_disk(request: Request, work: Callable[[], Result]) -> Result:
    """Does something that may block, in one of the threads that are there for uploads alone."""
    limiter: anyio.CapacityLimiter = request.app.state.upload_threads
    return await run_sync(work, limiter=limiter)


async def blocks(request: Request) -> AsyncIterator[bytes]:
    """A request's body in blocks. Raises Cancelled when the sender has gone, after the last that came."""
    block = bytearray()
    try:
        async for piece in request.stream():
            block += piece
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    except ClientDisconnect as error:
        if block:
            yield bytes(block)
        raise Cancelled("The upload was cut off.") from error
    if block:
        yield bytes(block)


@dataclass
class UploadForm:
    """The fields of a form, and its received files."""

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


class FormReceiver:
    """Stores the files "file" and "subtitles" of a form as they arrive. Call `discard` unless it was finished."""

    def __init__(self, content_type: str, open_sink: Callable[[str], Sink]) -> None:
        """`open_sink` makes a place for a file of this name. Raises BadInput for what is no form."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise BadInput("The request is not a multipart form.", FORM_HINT)
        self._open_sink = open_sink
        self._form = UploadForm()
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        self._size = self._count = 0
        self._part = ""
        self._sink: Sink | None = None
        self._text: bytearray | None = None
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
            },
        )

    def write(self, data: bytes) -> None:
        """Takes a block of the body. Raises BadInput, and what the sinks raise."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _damaged() from error

    def finish(self) -> UploadForm:
        """The form, all of which came. Raises BadInput when it did not, or has no file."""
        if self._parser.state is not MultipartState.END:
            raise _damaged()
        if "file" not in self._form.files:
            raise BadInput("The form has no file.", FORM_HINT)
        return self._form

    def discard(self) -> None:
        """Deletes what was stored."""
        if self._sink is not None:
            self._sink.discard()
        self._form.discard()

    def _on_headers_finished(self) -> None:
        self._size = 0
        self._count += 1
        if self._count > MOST_FIELDS:
            raise BadInput(f"The form has more than {MOST_FIELDS} fields.", FORM_HINT)
        _, options = parse_options_header(self._headers.get("content-disposition", "").encode())
        self._headers.clear()
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options[b"filename"].decode("utf-8", "replace") if b"filename" in options else None
        if file_name is None:
            self._text = bytearray()
        elif file_name:
            if self._part not in ("file", "subtitles") or self._part in self._form.files:
                raise BadInput(f"The form has an unexpected file {self._part[:100]}.", FORM_HINT)
            for escaped, character in ESCAPED.items():
                file_name = file_name.replace(escaped, character)
            self._form.names[self._part] = PurePath(file_name.replace("\\", "/")).name
            self._sink = self._open_sink(file_name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        most = LONGEST_FIELD if self._text is not None else LONGEST_SUBTITLES if self._part == "subtitles" else None
        if most is not None and self._size > most:
            raise BadInput(f"The field {self._part[:100]} is longer than {most} bytes.", "Shorten it.")
        if self._text is not None:
            self._text += data[start:end]
        elif self._sink is not None:
            self._sink.write(data[start:end])

    def _on_part_end(self) -> None:
        if self._text is not None:
            self._form.fields[self._part] = self._text.decode("utf-8", "replace")
        elif self._sink is not None:
            self._form.files[self._part] = self._sink.finish()
        self._text = self._sink = None

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""


async def receive_form(request: Request, open_sink: Callable[[str], Sink]) -> UploadForm:
    """Stores the files of a request's form, which its reader must discard or keep. Raises BadInput, StorageFull."""
    form, body = FormReceiver(request.headers.get("content-type", ""), open_sink), blocks(request)
    try:
        async for block in body:
            await on_disk(request, partial(form.write, block))
        return form.finish()
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            await on_disk(request, form.discard)
            if isinstance(error, BadInput | StorageFull):
                with anyio.move_on_after(DRAIN_S), suppress(Cancelled):
                    async for _ in body:  # many clients read no reply until they have sent everything
                        pass
        raise


def _damaged() -> BadInput:
    return BadInput("The form is damaged or incomplete.", "Upload the file again.")
