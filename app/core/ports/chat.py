"""The port for every chat model: it writes, calls tools and, where it can, sees pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from app.core.types.chat import Capabilities, Completion, Message, ToolSpec


@runtime_checkable
class Chat(Protocol):
    """A chat model, in this process or behind a server."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: determined once, by asking the server or reading the model's files. May load the model.

        Raises WorkerFailed when the server does not answer.
        """
        ...

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """The next message, as deterministic as the model allows (temperature 0 where it is accepted).

        `max_output`: tokens of the answer; models that think get extra tokens for it. With `tools` the completion
        may contain calls, in whatever format the model itself writes them. With `schema` the text is JSON that
        matches it, unless it was cut (`finish` is `length`). Do not pass tools and a schema together.
        `on_text` receives each piece of visible text as it is written, but neither JSON nor thinking.
        `stop` is called before the work and often during it; once it returns True, Cancelled is raised within a
        second.

        Raises ToolRefused when the prompt is longer than the model can read or it accepts no pictures, WorkerFailed
        when it cannot be reached or returns nothing usable, Cancelled.
        """
        ...

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """The probability of each label as the first token of the reply, scaled to a sum of 1.

        Only if `capabilities.weighs`; otherwise ToolRefused. A label is one token, such as a letter or "yes".
        Case is ignored. If no label is among the likeliest tokens, all get the same probability. `stop`: see `chat`.
        """
        ...
