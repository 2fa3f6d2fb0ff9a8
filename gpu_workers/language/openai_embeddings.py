"""Vectors from a model behind a server with OpenAI's embeddings API."""

from __future__ import annotations

import base64
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart, WorkerFailed
from app.core.paths import readable
from app.core.settings import Settings
from gpu_workers.language.openai_concurrency import together
from gpu_workers.language.openai_dialect import is_too_long
from gpu_workers.language.openai_server import ModelServer, Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

    Rows = list[NDArray[np.float32]]
    Request = Callable[[], Awaitable[Rows]]

TEXTS_A_REQUEST = 64
SHORTEST = 16
"""Characters; a text this short is not cut further."""
TOO_LARGE = 413
"""The HTTP status for a request that is too large, which Text Embeddings Inference gives for too many tokens."""


class ServedEmbedder:
    """An embedder behind a server. At most `at_once` requests run at a time."""

    def __init__(self, server: ModelServer, at_once: int, prompts: Sequence[str]) -> None:
        """`prompts`: texts embedded along with each item; other prompts give other vectors."""
        self._server = server
        self._at_once = at_once
        self._prompts = f"/{list(prompts)}" if any(prompts) else ""
        self._dimensions = 0

    @property
    def model(self) -> str:
        """The model's name and the length of its vectors; asks the server once.

        Raises MissingPart or WorkerFailed: without the server, the vectors are unknown.
        """
        dimensions = self.dimensions
        return f"{self._server.model}/{dimensions}{self._prompts}"

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        if not self._dimensions:
            self._vectors([self._probe])
        return self._dimensions

    def warm_up(self) -> None:
        """Requests a first vector before anybody waits for one: the server may have to load its model."""
        self._vectors([self._probe])

    def unload(self) -> None:
        """Closes the connections once running requests have ended; the next use opens them again."""
        self._server.close()

    async def _probe(self) -> Rows:
        """The vector of something small."""
        raise NotImplementedError

    def _vectors(self, requests: Sequence[Request]) -> NDArray[np.float32]:
        """The unit vectors for these requests, in order, shape (n, d)."""
        import numpy as np

        answers = self._server.run(lambda _: together(requests, self._at_once))
        rows = [row for answer in answers for row in answer]
        lengths = {len(row) for row in rows} | ({self._dimensions} if self._dimensions else set())
        if len(lengths) != 1:
            raise WorkerFailed(
                f"The server at {self._server.shown_url} gives vectors of different lengths: {sorted(lengths)}.",
                "Check whether it serves another model now, then restart Longreel.",
            )
        self._dimensions = lengths.pop()
        return np.stack(rows)

    async def _request(self, body: Mapping[str, Any], count: int) -> Rows:
        """The unit vectors of one request. Raises Refused, MissingPart or WorkerFailed."""
        model = await self._server.find_model()
        data = await self._server.post("/embeddings", {"model": model, "encoding_format": "float", **body})
        try:
            entries = sorted(data["data"], key=lambda entry: int(entry.get("index") or 0))
            rows = [_unit(entry["embedding"]) for entry in entries]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._server.unlike(str(data)) from error
        if len(rows) != count:
            raise self._server.unlike(str(data))
        return rows

    def _error(self, refused: Refused) -> WorkerFailed:
        return WorkerFailed(
            f"The server at {self._server.shown_url} could not embed this ({refused.status}): {refused.said}",
            "See its log, and check that its model is an embedding model.",
        )


class OpenAITextEmbedder(ServedEmbedder):
    """Text vectors from a server: vLLM, Ollama, Text Embeddings Inference, llama.cpp or a vendor."""

    def __init__(self, server: ModelServer, at_once: int, query_prefix: str = "", document_prefix: str = "") -> None:
        super().__init__(server, at_once, (query_prefix, document_prefix))
        self._query_prefix = query_prefix
        self._document_prefix = document_prefix

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers | None) -> OpenAITextEmbedder:  # noqa: ARG003
        """The server of `embedding_url`. Raises MissingPart when the address is not set."""
        server = embedding_server(settings)
        prefixes = settings.embedding_query_prefix, settings.embedding_document_prefix
        return cls(server, settings.server_requests, *prefixes)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `TextEmbedder`. A text that is too long for the model is cut at the end."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        prefixed = [self._document_prefix + text for text in texts]
        batches = [prefixed[first : first + TEXTS_A_REQUEST] for first in range(0, len(prefixed), TEXTS_A_REQUEST)]
        return self._vectors([functools.partial(self._texts, batch) for batch in batches])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See `TextEmbedder`."""
        vector: NDArray[np.float32] = self._vectors([lambda: self._texts([self._query_prefix + text])])[0]
        return vector

    async def _probe(self) -> Rows:
        return await self._texts(["yes"])

    async def _texts(self, texts: Sequence[str]) -> Rows:
        """Embeds the texts. A request refused as too long is split in two; a single text loses its second half."""
        inputs = [readable(text) if text.strip() else "." for text in texts]  # many servers refuse an empty text
        try:
            return await self._request({"input": inputs}, len(inputs))
        except Refused as refused:
            if not is_too_long(refused.text) and refused.status != TOO_LARGE:
                raise self._error(refused) from refused
            if len(texts) > 1:
                half = len(texts) // 2
                return [*await self._texts(texts[:half]), *await self._texts(texts[half:])]
            if len(texts[0]) <= SHORTEST:
                raise self._error(refused) from refused
            return await self._texts([texts[0][: len(texts[0]) // 2]])


def embedding_server(settings: Settings) -> ModelServer:
    """The server of `embedding_url`. Raises MissingPart when the address is not set."""
    if not settings.embedding_url:
        raise MissingPart(
            "No server for text vectors is set: LONGREEL_EMBEDDING_URL is empty.",
            "Set it to an address such as http://127.0.0.1:8000/v1, or choose another text embedder.",
        )
    return ModelServer(
        settings.embedding_url, settings.embedding_model, settings.embedding_key, settings=("EMBEDDING",)
    )


def _unit(numbers: Any) -> NDArray[np.float32]:
    """A vector of length one from a list of numbers, or from their bytes as base64. Raises ValueError, TypeError."""
    import numpy as np

    if isinstance(numbers, str):
        row = np.frombuffer(base64.b64decode(numbers, validate=True), dtype="<f4")
    else:
        row = np.asarray(numbers, dtype=np.float32)
    length = float(np.linalg.norm(row)) if row.ndim == 1 and len(row) else 0.0
    if not (np.isfinite(length) and length > 0):
        raise ValueError("no vector")
    return np.asarray(row / length, dtype=np.float32)
