"""Picture embedders of each architecture, through the product's own loading, on tiny models."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from tests import tiny_models


def made(folder, **hardware):
    settings = Settings(profile="cpu", weights=Weights(frame_embedder=str(folder)), hardware=Hardware(**hardware))
    return Workers(settings).get("frame_embedder")


@pytest.fixture(scope="module", params=sorted(tiny_models.EMBEDDERS))
def folder(request, tmp_path_factory):
    return tiny_models.EMBEDDERS[request.param](tmp_path_factory.mktemp(request.param))


def frame(seed, size=(72, 128)) -> Frame:
    return Frame(seed * 0.5, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def test_pictures_and_words_have_unit_vectors_of_one_width(folder):
    embedder = made(folder)
    found = embedder.embed([frame(1), frame(2, (50, 30))])
    query = embedder.embed_query("A red bus")
    for one in found:
        assert np.allclose(one.vector / np.linalg.norm(one.vector), one.concept, atol=1e-6)
        assert not np.isclose(np.linalg.norm(one.vector), 1.0) and one.vector.dtype == np.float32
        assert one.vector.shape == query.shape
        assert np.linalg.norm(one.concept) == pytest.approx(1, abs=1e-4)
        assert one.tags == ()


def test_batches_give_what_single_frames_give(folder):
    frames = [frame(i, (72, 128) if i % 2 else (40, 40)) for i in range(7)]
    together, alone = made(folder, batch=4).embed(frames), made(folder, batch=1).embed(frames)
    assert [one.pts_s for one in together] == [f.pts_s for f in frames]
    for a, b in zip(together, alone, strict=True):
        assert np.abs(a.concept - b.concept).max() < 1e-4


def test_two_loadings_give_the_same_vectors(folder):
    assert np.array_equal(made(folder).embed([frame(3)])[0].vector, made(folder).embed([frame(3)])[0].vector)


def test_different_pictures_and_different_words_have_different_vectors(folder):
    embedder = made(folder)
    a, b = (one.concept for one in embedder.embed([frame(1), frame(2)]))
    assert a @ b < 0.999
    assert embedder.embed_query("a dog") @ embedder.embed_query("a red bus at night") < 0.999


def test_a_query_longer_than_the_model_reads_is_cut(folder):
    embedder = made(folder)
    # One byte is one token here, and the text tower reads 24.
    long, longer = "a red bus stands in the rain", "a red bus stands in the rain and waits for you"
    found = embedder.embed_query(long)
    assert np.isfinite(found).all()
    assert np.allclose(found, embedder.embed_query(longer), atol=1e-5)


def test_smaller_numbers_change_little(folder):
    exact, rough = made(folder).embed([frame(4)])[0], made(folder, dtype="bfloat16").embed([frame(4)])[0]
    assert rough.vector.dtype == np.float32
    assert exact.vector @ rough.vector > 0.95


def test_siglip_reads_a_query_whatever_its_case(tmp_path):
    embedder = made(tiny_models.siglip(tmp_path))
    assert np.array_equal(embedder.embed_query("A Red Bus"), embedder.embed_query("a red bus"))


def test_frames_are_counted(folder):
    embedder = made(folder)
    embedder.embed([frame(i) for i in range(5)])
    assert embedder.counters.items == 5


def test_a_batch_that_does_not_fit_is_halved(folder, monkeypatch):
    import torch

    embedder = made(folder, batch=4)
    expected = [one.vector for one in embedder.embed([frame(i) for i in range(4)])]
    sizes = []
    model = embedder._loaded.model
    see = model.get_image_features

    def small(**inputs):
        sizes.append(len(inputs["pixel_values"]))
        if sizes[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return see(**inputs)

    monkeypatch.setattr(model, "get_image_features", small)
    found = [one.vector for one in embedder.embed([frame(i) for i in range(4)])]
    assert sizes == [4, 2, 2]
    assert np.allclose(found, expected, rtol=1e-3, atol=1e-3)  # batches of another size round otherwise
