"""Models that run in another process: the stand-in on this side, and the host on the other."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from app.core.errors import Cancelled
from gpu_workers.cluster.states import ModelState
from gpu_workers.registry import Workers

LOOK_S = 0.1
"""How often to check whether an answer is still wanted."""

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A method call on the model of a role. Arrays travel with it, which is fine: a question looks at few frames."""

    role: str
    method: str
    positional: Sequence[Any]
    named: Mapping[str, Any]
    stoppable: bool
    """Whether the method accepts `stop`."""


class RemoteModel:
    """Stands in for a model: `ask` runs its methods where the model is; plain attributes are read here.

    An instance that is never loaded stays on this side, so the model's name is known without asking.
    """

    def __init__(self, role: str, model: Any, ask: Callable[[ModelCall, Stop | None], Any]) -> None:
        self._role = role
        self._model = model
        self._ask = ask

    def __getattr__(self, name: str) -> Any:
        """The model's attribute, or a method that calls it remotely."""
        if name == "capabilities":  # reading them may load the model
            return self._call(name)
        own = getattr(self._model, name)
        return functools.partial(self._call, name) if inspect.ismethod(own) else own

    def _call(self, name: str, *positional: Any, **named: Any) -> Any:
        stop, on_text = named.pop("stop", None), named.pop("on_text", None)
        result = self._ask(ModelCall(self._role, name, positional, named, stop is not None), stop)
        if on_text is not None and not named.get("schema"):
            on_text(result.text)  # a listener cannot be sent to another process: it gets the whole text at the end
        return result


class ModelHost:
    """What an actor calls: an object that runs chunks, and the models of its process for all other calls."""

    def __init__(self, chunks: Any, workers: Workers) -> None:
        self._chunks = chunks
        self._workers = workers

    def __getattr__(self, name: str) -> Any:
        """A method of the object that runs chunks."""
        return getattr(self._chunks, name)

    def ask(self, call: ModelCall, beat: Callable[[float], None]) -> Any:
        """The model's answer. `beat` raises Cancelled when nobody wants it any more."""
        beat(0.0)
        own = getattr(self._workers.get(call.role), call.method)
        if not callable(own):
            return own
        if not call.stoppable:
            return own(*call.positional, **call.named)
        # Models check for a stop in threads that Ray does not know: `beat` is called in this one.
        stopped = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="ask") as pool:
            future = pool.submit(own, *call.positional, **call.named, stop=stopped.is_set)
            while not future.done():
                try:
                    beat(0.0)
                except Cancelled:
                    stopped.set()
                wait([future], LOOK_S)
            return future.result()

    def states(self) -> list[ModelState]:
        """The state of the models of this process."""
        return [ModelState.of(model) for model in self._workers.models()]
