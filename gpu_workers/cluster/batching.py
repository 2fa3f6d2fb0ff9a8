"""Joins the calls that several threads make to one model at nearly the same time into one batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

JOINED = {"text_embedder": "embed", "frame_embedder": "embed", "captioner": "caption_all"}
"""For each role, the method that takes a list of items and returns one result per item, independent of the others.

Generative models answer one request at a time; a server such as vLLM behind the `remote` profile batches its own.
"""


@dataclass(eq=False)
class _Call:
    items: Sequence[Any]
    result: Any = None
    error: Exception | None = None


@dataclass(eq=False)
class _Group:
    calls: list[_Call] = field(default_factory=list)
    full: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class BatchWindow:
    """Wraps a function of a list: lists that threads pass within `wait_s`, at most `most`, go into one call.

    The first caller waits and does the work for all. A group that fails is repeated call by call, so each caller
    only gets errors caused by its own items.
    """

    def __init__(self, work: Callable[[Sequence[Any]], Any], wait_s: float, most: int) -> None:
        self._work = work
        self._wait_s = wait_s
        self._most = most
        self._lock = threading.Lock()
        self._open = _Group()

    def __call__(self, items: Sequence[Any]) -> Any:
        """The results of these items, in order."""
        call = _Call(items)
        with self._lock:
            group = self._open
            group.calls.append(call)
            leads = len(group.calls) == 1
            if len(group.calls) >= self._most:
                self._close(group)
        if leads:
            group.full.wait(self._wait_s)
            with self._lock:
                self._close(group)
            try:
                self._run(group.calls)
            finally:
                group.done.set()
        group.done.wait()
        if call.error is not None:
            raise call.error
        return call.result

    def _close(self, group: _Group) -> None:
        group.full.set()
        if self._open is group:
            self._open = _Group()

    def _run(self, calls: Sequence[_Call]) -> None:
        items = [item for call in calls for item in call.items]
        try:
            results = self._work(items)
        except Exception as error:  # noqa: BLE001 - raised again in the thread of its caller
            if len(calls) == 1:
                calls[0].error = error
                return
            for call in calls:
                self._run([call])
            return
        first = 0
        for call in calls:
            call.result = results[first : first + len(call.items)]
            first += len(call.items)


class Joined:
    """A model with one method routed through a window; everything else is the model's own."""

    def __init__(self, model: Any, method: str, wait_s: float, most: int) -> None:
        self._model = model
        self._method = method
        self._window = BatchWindow(getattr(model, method), wait_s, most)

    def __getattr__(self, name: str) -> Any:
        """The window for the batched method, else the model's attribute."""
        return self._window if name == self._method else getattr(self._model, name)


def joining(wait_s: float, most: int) -> Callable[[str, Any], Any]:
    """Returns a wrapper for the models of a process, by role, that joins up to `most` calls."""

    def stand_in(role: str, model: Any) -> Any:
        method = JOINED.get(role, "")
        if wait_s <= 0 or most < 2 or not hasattr(model, method):
            return model
        return Joined(model, method, wait_s, most)

    return stand_in
