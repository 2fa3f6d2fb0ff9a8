"""The line to one server, for programs that wait: sends calls, reads streams, follows what goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from app.client import wire
from app.client.calls.call import Call

Result = TypeVar("Result")


class Line:
    """A connection pool to one server."""

    def __init__(
        self, base_url: str = wire.HOME, key: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`key` is the server's LONGREEL_SERVER__API_KEY, if it has one."""
        self._http = httpx.Client(**wire.client_options(base_url, key), transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def _do(self, call: Call[Result]) -> Result:
        return call.read(self._send(call))

    def _all(self, call: Call[list[Any]], limit: int | None = None) -> list[Any]:
        response = self._send(call)
        found = call.read(response)
        while "next" in response.links and (limit is None or len(found) < limit):
            with wire.http_errors():
                response = self._http.get(response.links["next"]["url"])
            found += call.read(wire.check(response))
        return found[:limit]

    def _send(self, call: Call[Any]) -> httpx.Response:
        with wire.http_errors():
            response = self._http.request(call.method, call.path, **call.options())
        return wire.check(response)

    def _followed(
        self, events: Callable[[int], Call[None]], waiting: wire.Waiting[Result]
    ) -> Generator[Result, None, None]:
        """What a stream tells until it ends, over lost connections."""
        while not waiting.ended:
            lost = None
            try:
                with self._events(events(waiting.after)) as stream:
                    for event in stream:
                        told = waiting.take(event)
                        if told is not None:
                            yield told
                        if waiting.ended:
                            return
            except httpx.HTTPError as error:
                lost = error
            time.sleep(waiting.lost(lost))

    @contextmanager
    def _events(self, call: Call[None]) -> Iterator[Iterator[wire.ServerEvent]]:
        with self._opened(call) as response:
            reader = wire.EventReader()
            events = (reader.feed(line) for line in response.iter_lines())
            yield (event for event in events if event is not None)

    @contextmanager
    def _opened(self, call: Call[None]) -> Iterator[httpx.Response]:
        """The answer with its body still to come."""
        with self._http.stream(call.method, call.path, **call.options()) as response:
            if not response.is_success:
                response.read()
                wire.check(response)
            yield response
