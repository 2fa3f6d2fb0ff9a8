"""How long a connection may be open without the head of a request, and how large a head may be.

uvicorn limits neither. So some hundred connections that send nothing, or a line now and then, would take all places of
a server for ever, and a head without end its memory. Bodies are limited by `app.api.bodies`.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0
"""How long the head of a request may take to arrive. Between two requests uvicorn waits for five seconds."""
LARGEST_HEAD = 65_536
"""In bytes, as for other servers; a cookie or a long address is a few thousand."""


class TimedConnection(HttpToolsProtocol):
    """A connection that is closed when the head of a request is late or too large, or the fields after a body are."""

    _late: asyncio.TimerHandle | None = None
    """Runs while the head of a request is awaited."""
    _in_request = False
    _size = 0
    """Bytes that arrived since a head, a part of a body or a request was complete."""
    _fresh = False
    """Whether the last bytes completed one of these."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Awaits the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Awaits nothing more."""
        self._end_of_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Passes on what arrives, which uvicorn takes for the end of its own wait."""
        if self._late is None and not self._in_request:
            self._await_head()
        self._fresh = False
        super().data_received(data)
        self._size = 0 if self._fresh else self._size + len(data)
        if self._size > LARGEST_HEAD:
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is here; its body may take longer."""
        self._end_of_head()
        self._in_request = self._fresh = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is here."""
        self._fresh = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here."""
        self._in_request, self._fresh = False, True
        super().on_message_complete()

    def _await_head(self) -> None:
        self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _end_of_head(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None
