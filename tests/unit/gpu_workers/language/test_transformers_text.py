"""Sentence models through transformers: which states become the vector, and that batches change nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.core.settings import Hardware, Settings, Weights
from gpu_workers.language.transformers_text import QWEN3_QUERY
from gpu_workers.registry import Workers
from tests import tiny_models

TEXTS = ["a", "the red boat sails home", "", "number " * 9, "Ünïcödé \N{PARTY POPPER}"]


def made(folder, **hardware):
    weights = Weights(text_embedder=str(folder))
    return Workers(Settings(profile="gpu", weights=weights, hardware=Hardware(**hardware))).get("text_embedder")


def pooled_by(folder, mode):
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{mode}": True}))
    return folder


@pytest.fixture(scope="module", params=["bert", "qwen3"])
def folder(request, tmp_path_factory):
    return getattr(tiny_models, request.param)(tmp_path_factory.mktemp(request.param))


def test_batches_give_what_single_texts_give(folder):
    together, alone = made(folder, batch=3).embed(TEXTS), made(folder, batch=1).embed(TEXTS)
    assert together.shape == (5, 32) and together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    assert np.abs(together - alone).max() < 1e-4


def test_different_texts_have_different_vectors(folder):
    vectors = made(folder).embed(TEXTS)
    likeness = vectors @ vectors.T - 2 * np.eye(len(TEXTS))
    assert likeness.max() < 0.9999


def prompted_by(folder, **prompts):
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    return folder


def test_questions_and_passages_get_the_prompts_of_the_model(tmp_path):
    plain = made(tiny_models.bert(tmp_path / "plain"))
    embedder = made(prompted_by(tiny_models.bert(tmp_path / "prompted"), query="ask: ", document="tell: "))
    assert np.allclose(embedder.embed_query("sea"), plain.embed(["ask: sea"])[0], atol=1e-6)
    assert np.allclose(embedder.embed(["sea"]), plain.embed(["tell: sea"]), atol=1e-6)
    assert np.allclose(plain.embed_query("sea"), plain.embed(["sea"])[0], atol=1e-6)


def test_qwen3_gets_its_instruction_before_a_question(tmp_path):
    embedder = made(tiny_models.qwen3(tmp_path))
    assert np.allclose(embedder.embed_query("sea"), embedder.embed([QWEN3_QUERY + "sea"])[0], atol=1e-6)


def test_no_texts_give_no_rows(folder):
    assert made(folder).embed([]).shape == (0, 32)


def test_a_text_is_read_as_far_as_the_model_can(tmp_path):
    embedder = made(tiny_models.bert(tmp_path))
    # The tiny BERT reads 128 tokens of one byte, a begin and an end among them.
    a, b, c = embedder.embed(["x" * 126, "x" * 126 + "y" * 50, "x" * 125 + "y"])
    assert np.allclose(a, b, atol=1e-6)
    assert not np.allclose(a, c, atol=1e-6)


def states(folder, text):
    """The last states of every token of one text."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    inputs = AutoTokenizer.from_pretrained(folder)([text], return_tensors="pt")
    with torch.inference_mode():
        return AutoModel.from_pretrained(folder)(**inputs).last_hidden_state[0].numpy()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("mean_tokens", lambda found: found.mean(axis=0)),
        ("cls_token", lambda found: found[0]),
        ("lasttoken", lambda found: found[-1]),
    ],
)
def test_the_folder_says_which_states_become_the_vector(tmp_path, mode, expected):
    folder = pooled_by(tiny_models.bert(tmp_path), mode)
    wanted = expected(states(folder, "a red boat"))
    found = made(folder).embed(["a longer text beside it", "a red boat"])[1]
    assert np.allclose(found, wanted / np.linalg.norm(wanted), atol=1e-4)


def test_a_model_that_writes_takes_its_last_token_and_another_the_mean(tmp_path):
    writes, reads = tiny_models.qwen3(tmp_path / "a"), tiny_models.bert(tmp_path / "b")
    for folder, wanted in ((writes, states(writes, "red")[-1]), (reads, states(reads, "red").mean(axis=0))):
        assert np.allclose(made(folder).embed(["red"])[0], wanted / np.linalg.norm(wanted), atol=1e-4)
