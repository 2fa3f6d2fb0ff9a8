"""Pictures and words in one space, by a model behind a server whose embeddings route takes messages, as vLLM's does.

A request holds one conversation and gives one vector: a picture with what the model wants beside it, or words. Such
models are Qwen3-VL-Embedding, VLM2Vec, jina-embeddings-v4, CLIP and SigLIP.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import MissingPart
from app.core.paths import readable
from app.core.settings import Settings
from app.core.types import Frame, FrameFeatures
from gpu_workers.language.openai_dialect import data_url
from gpu_workers.language.openai_embeddings import ServedEmbedder, embedding_server
from gpu_workers.language.openai_server import ModelServer, Refused
from gpu_workers.vision.joint_space import joint_features
from gpu_workers.vision.picture_shape import bounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gpu_workers.registry import Workers

SIDE = 768
"""Longest side of a picture that is sent, pixels: more than such models look at."""
LONGEST_QUERY = 2000
"""Characters of the words that are sent; models of this kind read few."""


class OpenAIFrameEmbedder(ServedEmbedder):
    """Frame embedder of a joint space behind a server."""

    def __init__(self, server: ModelServer, at_once: int, prompt: str = "", query_prefix: str = "") -> None:
        super().__init__(server, at_once, (prompt, query_prefix))
        self._prompt = prompt
        self._query_prefix = query_prefix

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers | None) -> OpenAIFrameEmbedder:  # noqa: ARG003
        """The server of `frame_embedding_url`, else that of `embedding_url`. Raises MissingPart when neither is set."""
        if settings.frame_embedding_url:
            name, key = settings.frame_embedding_model, settings.frame_embedding_key
            server = ModelServer(settings.frame_embedding_url, name, key, settings=("FRAME_EMBEDDING",))
        elif settings.embedding_url:
            server = embedding_server(settings)
        else:
            raise MissingPart(
                "No server for vectors of pictures is set: LONGREEL_FRAME_EMBEDDING_URL is empty.",
                "Set it to an address such as http://127.0.0.1:8000/v1, or choose another frame embedder.",
            )
        prompts = settings.frame_embedding_prompt, settings.frame_embedding_query_prefix
        return cls(server, settings.server_requests, *prompts)

    def embed(self, frames: Sequence[Frame]) -> list[FrameFeatures]:
        """See `FrameEmbedder`."""
        if not frames:
            return []

        async def picture(frame: Frame) -> list[NDArray[np.float32]]:
            from PIL import Image

            small = Image.fromarray(bounded(frame.image))
            small.thumbnail((SIDE, SIDE))
            shown = {"type": "image_url", "image_url": {"url": data_url(np.asarray(small))}}
            return await self._of([shown, *([{"type": "text", "text": self._prompt}] if self._prompt else [])])

        vectors = self._vectors([functools.partial(picture, frame) for frame in frames])
        return [joint_features(frame, vector) for frame, vector in zip(frames, vectors, strict=True)]

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See `FrameEmbedder`."""
        words = self._query_prefix + readable(text)[:LONGEST_QUERY]
        vector: NDArray[np.float32] = self._vectors([functools.partial(self._words, words)])[0]
        return vector

    async def _probe(self) -> list[NDArray[np.float32]]:
        return await self._words("yes")

    async def _words(self, words: str) -> list[NDArray[np.float32]]:
        return await self._of([{"type": "text", "text": words if words.strip() else "."}])

    async def _of(self, content: list[dict[str, Any]]) -> list[NDArray[np.float32]]:
        try:
            return await self._request({"messages": [{"role": "user", "content": content}]}, 1)
        except Refused as refused:
            raise self._error(refused) from refused
