"""Every Reranker."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import BadSettings
from app.core.ports import Reranker
from app.core.settings import Settings, Weights
from gpu_workers.language.cross_encoder import CrossEncoderReranker
from gpu_workers.language.fakes import FakeReranker
from gpu_workers.registry import Workers
from tests import tiny_models


def tiny(folder, labels=1):
    weights = Weights(reranker=str(tiny_models.cross_encoder(folder, labels)))
    return Workers(Settings(profile="gpu", weights=weights)).get("reranker")


@pytest.fixture(
    scope="module", params=[FakeReranker, "transformers", pytest.param(CrossEncoderReranker, marks=pytest.mark.slow)]
)
def reranker(request, tmp_path_factory):
    if request.param == "transformers":
        return tiny(tmp_path_factory.mktemp("cross-encoder"))
    return request.param.from_settings(Settings(), None)


def test_it_plays_the_port_and_names_its_model(reranker):
    assert isinstance(reranker, Reranker)
    assert reranker.model
    assert all(len(language) == 2 for language in reranker.languages)


def test_no_passages_give_no_scores(reranker):
    assert reranker.scores("What?", []).shape == (0,)


@settings(deadline=None, max_examples=15)
@given(question=st.text(max_size=60), passages=st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_any_pair_gets_a_finite_score(reranker, question, passages):
    scores = reranker.scores(question, passages)
    assert scores.dtype == np.float32
    assert scores.shape == (len(passages),)
    assert np.isfinite(scores).all()


def test_order_in_is_order_out_whatever_the_lengths(reranker):
    passages = [f"number {n} " + "and so on " * (n * 7 % 40) for n in range(70)]
    together = reranker.scores("Which number?", passages)
    alone = np.concatenate([reranker.scores("Which number?", [passage]) for passage in passages[::10]])
    assert np.abs(together[::10] - alone).max() < 0.05


def test_a_very_long_passage_is_read_as_far_as_the_model_can(reranker):
    assert reranker.scores("What is said?", ["sea " * 20_000]).shape == (1,)


@pytest.mark.parametrize("kind", [FakeReranker, pytest.param(CrossEncoderReranker, marks=pytest.mark.slow)])
def test_the_passage_on_the_subject_scores_best(kind):
    passages = ["Stock prices fell.", "The bridge opens at nine.", "Cats like milk."]
    assert int(np.argmax(kind.from_settings(Settings(), None).scores("When does the bridge open?", passages))) == 1


def test_a_model_of_several_classes_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="gives no score"):
        tiny(tmp_path, labels=3).scores("x", ["y"])


def test_the_profiles_choose_a_reranker_and_it_can_be_switched_off():
    assert Workers(Settings()).name("reranker") == "cross-encoder-onnx"
    assert Workers(Settings(profile="gpu")).name("reranker") == "transformers"
    assert Workers(Settings(models={"reranker": "none"})).get("reranker") is None
