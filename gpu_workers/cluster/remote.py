"""Models that answer in another process: what stands for them here, and what answers there."""

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
"""How often one looks whether an answer is still wanted."""

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of a method of the model that plays a role. Arrays travel with it: a question looks at a few frames."""

    role: str
    method: str
    given: Sequence[Any]
    named: Mapping[str, Any]
    stoppable: bool
    """Whether the method takes `stop`."""


class RemoteModel:
    """Stands in for a model: its methods are called by `ask` where the model is; what is no method is told here.

    The model itself stays here too, never loaded, so that its name is known without asking.
    """

    def __init__(self, role: str, model: Any, ask: Callable[[ModelCall, Stop], Any]) -> None:
        self._role = role
        self._model = model
        self._ask = ask

    def __getattr__(self, name: str) -> Any:
        """What the model has."""
        if name == "capabilities":  # finding them out may load the model
            return self._sent(name)
        own = getattr(self._model, name)
        return functools.partial(self._sent, name) if inspect.ismethod(own) else own

    def _sent(self, name: str, *given: Any, **named: Any) -> Any:
        stop, on_text = named.pop("stop", None), named.pop("on_text", None)
        result = self._ask(ModelCall(self._role, name, given, named, stop is not None), stop or _never)
        if on_text is not None and not named.get("schema"):
            on_text(result.text)  # a listener cannot be sent along: it hears the whole text at the end
        return result


class ModelHost:
    """What an actor works with: an object that does chunks, and the models of its process for all other calls."""

    def __init__(self, chunks: Any, workers: Workers) -> None:
        self._chunks = chunks
        self._workers = workers

    def __getattr__(self, name: str) -> Any:
        """A method for chunks."""
        return getattr(self._chunks, name)

    def ask(self, call: ModelCall, beat: Callable[[float], None]) -> Any:
        """What the model answers. `beat` raises Cancelled when the answer is not wanted any more."""
        beat(0.0)
        own = getattr(self._workers.get(call.role), call.method)
        if not callable(own):
            return own
        work = functools.partial(own, *call.given, **call.named)
        return _stoppable(work, beat) if call.stoppable else work()

    def states(self) -> list[ModelState]:
        """What the models of this process did so far."""
        return [ModelState.of(model) for model in self._workers.models()]


def _stoppable(work: Callable[..., Any], beat: Callable[[float], None]) -> Any:
    """`beat` is told in this thread, since models ask whether to stop in threads that Ray knows nothing of."""
    stopped = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="ask") as pool:
        future = pool.submit(work, stop=stopped.is_set)
        while not future.done():
            try:
                beat(0.0)
            except Cancelled:
                stopped.set()
            wait([future], LOOK_S)
        return future.result()


def _never() -> bool:
    return False
