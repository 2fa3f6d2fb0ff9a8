"""Every TextEmbedder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ports import TextEmbedder
from app.core.settings import Settings, Weights
from gpu_workers.language.e5 import E5Embedder
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.language.minilm import MiniLMEmbedder
from gpu_workers.language.openai_embeddings import OpenAITextEmbedder
from gpu_workers.registry import Workers
from tests import tiny_models
from tests.served_models import embedding_service


@pytest.fixture(
    scope="module",
    params=[
        FakeTextEmbedder,
        "transformers",
        "openai",
        pytest.param(E5Embedder, marks=pytest.mark.slow),
        pytest.param(MiniLMEmbedder, marks=pytest.mark.slow),
    ],
)
def embedder(request, tmp_path_factory):
    if request.param == "transformers":
        weights = Weights(text_embedder=str(tiny_models.bert(tmp_path_factory.mktemp("bert"))))
        yield Workers(Settings(profile="gpu", weights=weights)).get("text_embedder")
    elif request.param == "openai":
        with embedding_service() as service:
            worker = OpenAITextEmbedder.from_settings(Settings(embedding_url=service.url), None)
            yield worker
            worker.unload()
    else:
        yield request.param.from_settings(Settings(), None)


def test_it_plays_the_port_and_names_its_model(embedder):
    assert isinstance(embedder, TextEmbedder)
    assert embedder.model


def test_no_texts_give_no_rows_of_the_usual_width(embedder):
    assert embedder.embed([]).shape == (0, embedder.embed(["x"]).shape[1])


@settings(deadline=None, max_examples=20)
@given(text=st.text(max_size=200))
def test_any_question_gets_a_unit_vector_of_the_same_width(embedder, text):
    vector = embedder.embed_query(text)
    assert vector.dtype == np.float32
    assert vector.shape == embedder.embed([text])[0].shape
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4)


def test_a_question_is_nearer_to_the_passage_that_shares_its_subject(embedder):
    passages = embedder.embed(["stock prices fell sharply", "the red boat sails home"])
    assert int(np.argmax(passages @ embedder.embed_query("a red boat sails"))) == 1


@settings(deadline=None, max_examples=20)
@given(texts=st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_any_text_gets_a_unit_vector(embedder, texts):
    vectors = embedder.embed(texts)
    assert vectors.dtype == np.float32
    assert len(vectors) == len(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_order_in_is_order_out_whatever_the_lengths(embedder):
    texts = [f"number {n} " + "and so on " * (n * 7 % 40) for n in range(70)]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts[::10]])
    assert np.abs(together[::10] - alone).max() < 1e-4


def test_a_text_is_nearest_to_itself_and_nearer_to_its_like(embedder):
    first, again, like, other = embedder.embed(
        ["the red boat sails home", "the red boat sails home", "a red boat at home", "stock prices fell sharply"]
    )
    assert first @ again == pytest.approx(1.0, abs=1e-4)
    assert first @ like > first @ other


def test_a_very_long_text_is_read_as_far_as_the_model_can(embedder):
    assert embedder.embed(["sea " * 20_000]).shape[0] == 1
