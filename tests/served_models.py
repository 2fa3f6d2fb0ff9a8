"""Real HTTP servers on the loopback address that answer as servers of models do, with the fakes behind them.

The one that describes sees the colours of pictures: a scene of it is cards of one colour each, and its events are the
changes from one colour to another.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image

from app.core.types import Frame
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.vision.fakes import FakeFrameEmbedder
from tests.unit.gpu_workers.language.chat_server import ChatService, Reply, chat_service, completion, refusal

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
    content = message["content"] if isinstance(message["content"], list) else []
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
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


def describe(request: Mapping[str, Any], _number: int = 0) -> Reply:
    """What a server of a model that sees answers to a request for a description, or for groups of subjects.

    It fits the schema, whether the reply is bound to that or it stands in the prompt.
    """
    message = request["messages"][-1]
    if '"groups"' in json.dumps(request.get("response_format")) + words_of(request["messages"][0]):
        return completion(json.dumps({"groups": same_colours(words_of(message))}))
    colours = [colour_of(frame) for frame in pictures_of(message)]
    changes = [at for at, pair in enumerate(itertools.pairwise(colours), start=1) if pair[0] != pair[1]]
    seen = list(dict.fromkeys(colours))
    scene = {
        "caption": f"Cards are shown: {', '.join(seen)}.",
        "subjects": [{"name": f"{colour} card", "description": f"a card that is {colour}"} for colour in seen],
        "events": [
            {"what": f"The {colours[at - 1]} card turns {colours[at]}.", "first_frame": at, "last_frame": at + 1}
            for at in changes
        ],
    }
    return completion(json.dumps(scene))


def colour_of(frame: Frame) -> str:
    """The named colour that a picture is nearest to."""
    return FakeFrameEmbedder().embed([frame])[0].tags[0][0]


def same_colours(listed: str) -> list[list[int]]:
    """Groups of the numbered subjects whose descriptions name one colour."""
    numbers: dict[str, list[int]] = {}
    for number, colour in re.findall(r"(\d+)\. .*: .*?(\w+)$", listed, re.M):
        numbers.setdefault(colour, []).append(int(number))
    return [group for group in numbers.values() if len(group) > 1]
