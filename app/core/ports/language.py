"""What reads and writes text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from app.core.types import Completion, Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class TextEmbedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, d), each row of length one; (0, d) for no texts."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """Writes text."""

    @property
    def model(self) -> str:
        """Name and version."""
        ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Completion:
        """Greedy completion. With a JSON schema the text is JSON that fits it (it may still be cut by max_tokens).

        `stop` is asked before the work and often while it goes on; once it says True, Cancelled is raised soon.
        """
        ...
