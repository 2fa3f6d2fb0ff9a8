"""Real HTTP servers on the loopback address that answer as servers of models do, with the fakes behind them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image

from app.core.types import Frame
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.vision.fakes import FakeFrameEmbedder
from tests.unit.gpu_workers.language.chat_server import ChatService, Reply, chat_service, refusal

LONGEST = 2000
"""Characters that the model of the embeddings server reads at once."""


def embeddings(rows: Any, **beside: Any) -> Reply:
    """An answer with these vectors, which are not of length one and do not come in order."""
    data = [{"index": at, "embedding": [3 * float(number) for number in row]} for at, row in enumerate(rows)]
    return Reply(body={"data": data[::-1]} | beside)


def embed(request: Mapping[str, Any], _number: int = 0) -> Reply:
    """What a server of embeddings answers: vectors of texts, or the vector of a conversation."""
    if "input" in request:
        if any(not text for text in request["input"]):
            return refusal("'$.input' is invalid")
        if any(len(text) > LONGEST for text in request["input"]):
            return refusal(f"This model's maximum context length is {LONGEST} tokens.")
        return embeddings(FakeTextEmbedder().embed(request["input"]))
    (message,) = request["messages"]
    images, words = pictures_of(message), words_of(message)
    eyes = FakeFrameEmbedder()
    return embeddings([eyes.embed(images)[0].concept if images else eyes.embed_query(words)])


def pictures_of(message: Mapping[str, Any]) -> list[Frame]:
    """The pictures of a message, decoded."""
    urls = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    pictures = [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]
    return [Frame(0.0, np.asarray(picture.convert("RGB"))) for picture in pictures]


def words_of(message: Mapping[str, Any]) -> str:
    """The text of a message."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


@contextmanager
def embedding_service() -> Iterator[ChatService]:
    """Serves `embed` for the one model `tiny-vectors`."""
    with chat_service(embed) as service:
        service.listed = Reply(body={"data": [{"id": "tiny-vectors"}]})
        yield service
