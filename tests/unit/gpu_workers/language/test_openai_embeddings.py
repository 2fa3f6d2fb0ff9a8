"""Vectors of texts and pictures from a real server on this machine that behaves well or badly."""

from __future__ import annotations

import base64
import threading
import time

import numpy as np
import pytest

from app.core.errors import MissingPart, WorkerFailed
from app.core.settings import Settings
from app.core.types import Frame
from gpu_workers.language import openai_server
from gpu_workers.language.openai_embeddings import TEXTS_A_REQUEST, OpenAITextEmbedder
from gpu_workers.registry import Workers
from gpu_workers.vision.openai_frame_embeddings import SIDE, OpenAIFrameEmbedder
from tests.served_models import embed, embedding_service, embeddings, pictures_of, words_of
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service, refusal

RED = Frame(3.0, np.full((900, 1600, 3), (250, 0, 0), np.uint8))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.02)


@pytest.fixture
def text_vectors():
    """Makes an embedder of texts for an address."""
    made = []

    def make(url, **settings):
        made.append(OpenAITextEmbedder.from_settings(Settings(embedding_url=url, **settings), None))
        return made[-1]

    yield make
    for embedder in made:
        embedder.unload()


@pytest.fixture
def picture_vectors():
    """Makes an embedder of pictures for an address."""
    made = []

    def make(url, **settings):
        made.append(OpenAIFrameEmbedder.from_settings(Settings(frame_embedding_url=url, **settings), None))
        return made[-1]

    yield make
    for embedder in made:
        embedder.unload()


def test_questions_and_passages_get_their_prefixes_and_a_key_goes_along(text_vectors):
    with embedding_service() as service:
        embedder = text_vectors(
            service.url, embedding_query_prefix="query: ", embedding_document_prefix="passage: ", embedding_key="sk-1"
        )
        embedder.embed(["a boat"])
        embedder.embed_query("which boat?")
        assert [sent["input"] for sent in service.requests] == [["passage: a boat"], ["query: which boat?"]]
        assert service.headers[0]["authorization"] == "Bearer sk-1"
        assert service.requests[0]["path"] == "/v1/embeddings"


def test_the_version_names_model_length_and_prefixes(text_vectors, picture_vectors):
    with embedding_service() as service:
        plain = text_vectors(service.url).model
        assert plain == f"tiny-vectors/{len(text_vectors(service.url).embed_query('x'))}"
        assert text_vectors(service.url, embedding_query_prefix="query: ").model != plain
        assert text_vectors(service.url, embedding_model="other").model.startswith("other/")
        assert picture_vectors(service.url).model == "tiny-vectors/5"


def test_many_texts_go_in_batches_of_which_a_bounded_number_is_under_way(text_vectors):
    under_way, most, lock = [0], [0], threading.Lock()

    def slow(request, number):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.05)
        with lock:
            under_way[0] -= 1
        return embed(request, number)

    with chat_service(slow) as service:
        embedder = text_vectors(service.url, embedding_model="m", server_requests=3)
        vectors = embedder.embed([f"text {number}" for number in range(8 * TEXTS_A_REQUEST)])
        assert len(vectors) == 8 * TEXTS_A_REQUEST
        assert len(service.requests) == 8
        assert most[0] == 3


def test_a_busy_server_is_asked_again_and_one_that_stays_away_is_an_error(text_vectors):
    def busy_first(request, number):
        return (
            Reply(429, {"error": {"message": "slow down"}}, {"retry-after": "0.01"}) if number < 2 else embed(request)
        )

    with chat_service(busy_first) as service:
        embedder = text_vectors(service.url, embedding_model="m")
        assert len(embedder.embed(["a"])) == 1
        assert len(service.requests) == 3
    with pytest.raises(WorkerFailed, match="no model server") as caught:
        embedder.embed(["a"])
    assert "LONGREEL_EMBEDDING_URL" in caught.value.hint


@pytest.mark.parametrize(
    "reply",
    [
        embeddings([[0.0, 0.0]]),
        embeddings([[float("nan"), 1.0]]),
        embeddings([[1.0, 0.0], [0.0, 1.0]]),
        embeddings([]),
        embeddings([[]]),
        Reply(body={"data": [{"index": 0, "embedding": "no base64!"}]}),
        Reply(body={"data": [{"index": 0, "embedding": [["nested"]]}]}),
        Reply(body={"data": [{"embedding": None}]}),
        Reply(body={"data": ["odd"]}),
        Reply(body={"data": None}),
        Reply(body=["odd"]),
        Reply(body=b"<html>hello</html>"),
        refusal("this model makes no embeddings"),
        Reply(body={"error": {"message": "out of luck"}}),
    ],
)
def test_what_is_no_vector_is_one_clear_error(text_vectors, reply):
    with chat_service(lambda *_: reply) as service, pytest.raises(WorkerFailed) as caught:
        text_vectors(service.url, embedding_model="m").embed(["a"])
    assert service.url in caught.value.message
    assert caught.value.hint


def test_a_server_that_gives_vectors_of_another_length_is_not_mixed_in(text_vectors):
    with chat_service(lambda _, number: embeddings([[1.0] * (3 + number)])) as service:
        embedder = text_vectors(service.url, embedding_model="m")
        assert embedder.embed_query("a").shape == (3,)
        with pytest.raises(WorkerFailed, match="different lengths"):
            embedder.embed_query("a")


def test_vectors_as_bytes_are_read(text_vectors):
    row = base64.b64encode(np.array([3.0, 4.0], "<f4").tobytes()).decode()
    with chat_service(lambda *_: Reply(body={"data": [{"index": 0, "embedding": row}]})) as service:
        assert np.allclose(text_vectors(service.url, embedding_model="m").embed_query("a"), [0.6, 0.8])


def test_without_an_address_the_setting_is_named():
    for role, variable in (("text_embedder", "EMBEDDING_URL"), ("frame_embedder", "FRAME_EMBEDDING_URL")):
        with pytest.raises(MissingPart, match=f"LONGREEL_{variable}"):
            Workers(Settings(models={role: "openai"})).get(role)


def test_a_picture_goes_in_a_message_in_bounded_size_with_what_the_model_wants_beside_it(picture_vectors):
    with embedding_service() as service:
        embedder = picture_vectors(
            service.url, frame_embedding_prompt="Represent the image.", frame_embedding_query_prefix="Find: "
        )
        (feature,) = embedder.embed([RED])
        assert feature.concept @ embedder.embed_query("red") > feature.concept @ embedder.embed_query("blue")
        shown, asked, _ = (sent["messages"][0] for sent in service.requests)
        assert [picture.image.shape for picture in pictures_of(shown)] == [(432, SIDE, 3)]
        assert words_of(shown) == "Represent the image."
        assert words_of(asked) == "Find: red"


def test_pictures_alone_go_without_words_and_one_address_may_serve_both():
    with embedding_service() as service:
        embedder = OpenAIFrameEmbedder.from_settings(Settings(embedding_url=service.url), None)
        embedder.embed([RED, RED])
        embedder.unload()
        assert [words_of(sent["messages"][0]) for sent in service.requests] == ["", ""]
