"""Every FrameEmbedder."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import FrameEmbedder
from app.core.settings import Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision.efficientnet import EfficientNetConSE
from gpu_workers.vision.fakes import FakeFrameEmbedder
from gpu_workers.vision.openai_frame_embeddings import OpenAIFrameEmbedder
from tests.served_models import embedding_service
from tests.tiny_models import EMBEDDERS, qwen3_vl

REAL = pytest.param(EfficientNetConSE, marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[REAL, FakeFrameEmbedder, "openai", "prompted", *sorted(EMBEDDERS)])
def embedder(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    if request.param in EMBEDDERS:
        weights = Weights(frame_embedder=str(EMBEDDERS[request.param](home)))
        yield Workers(Settings(profile="cpu", weights=weights)).get("frame_embedder")
    elif request.param == "prompted":
        weights = Weights(frame_embedder=str(qwen3_vl(home)))
        yield Workers(Settings(profile="cpu", weights=weights)).get("frame_embedder")
    elif request.param == "openai":
        with embedding_service() as service:
            worker = OpenAIFrameEmbedder.from_settings(Settings(frame_embedding_url=service.url), None)
            yield worker
            worker.unload()
    else:
        settings = Settings()
        yield request.param.from_settings(settings, Workers(settings))


def plain(colour, size=(90, 160), pts_s=0.0) -> Frame:
    return Frame(pts_s, np.full((*size, 3), colour, dtype=np.uint8))


def noise(seed, size=(90, 160), pts_s=0.0) -> Frame:
    return Frame(pts_s, np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def same(a, b) -> bool:
    return bool(np.allclose(a.vector, b.vector, rtol=1e-3, atol=1e-3)) and a.pts_s == b.pts_s


def test_it_plays_the_port(embedder):
    assert isinstance(embedder, FrameEmbedder) and embedder.model


def test_no_frames_give_no_features(embedder):
    assert embedder.embed([]) == []


def test_order_and_times_are_kept_over_batches_of_mixed_sizes(embedder):
    sizes = [(90, 160), (160, 90), (64, 64)]
    frames = [noise(i, sizes[i % 3], pts_s=i / 2) for i in range(40)]
    found = embedder.embed(frames)
    assert [one.pts_s for one in found] == [frame.pts_s for frame in frames]
    for index in (0, 1, 2, 39):
        assert same(found[index], embedder.embed([frames[index]])[0])


def test_vectors_have_one_shape_and_concepts_are_unit_vectors_like_queries(embedder):
    found = embedder.embed([noise(1), plain((255, 0, 0)), plain((0, 0, 0), (30, 300))])
    query = embedder.embed_query("a red bus")
    assert len({one.vector.shape for one in found}) == 1 and found[0].vector.ndim == 1
    for one in found:
        assert one.vector.dtype == one.concept.dtype == np.float32
        assert one.concept.shape == query.shape and np.isfinite(one.vector).all()
        assert np.linalg.norm(one.concept) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-3)


def test_equal_pictures_are_closer_than_different_ones(embedder):
    a, b, c = (one.vector for one in embedder.embed([noise(1), noise(1), plain((200, 30, 30))]))

    def cosine(x, y):
        return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))

    assert cosine(a, b) > 0.999 > cosine(a, c)


def test_brightness_and_contrast_are_those_of_the_picture(embedder):
    black, white, mixed = embedder.embed([plain((0, 0, 0)), plain((255, 255, 255)), noise(3, (8, 8))])
    assert black.brightness == pytest.approx(0, abs=0.01) and white.brightness == pytest.approx(1, abs=0.01)
    assert black.contrast < 0.01 and white.contrast < 0.01 < mixed.contrast


def test_tags_are_probabilities_in_falling_order(embedder):
    for one in embedder.embed([noise(5), plain((0, 0, 255))]):
        probabilities = [probability for _, probability in one.tags]
        assert len(one.tags) <= 10 and len({name for name, _ in one.tags}) == len(one.tags)
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(one >= 0 for one in probabilities) and sum(probabilities) <= 1.001


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2)])
def test_pictures_of_odd_sizes_are_no_trouble(embedder, size):
    assert np.isfinite(embedder.embed([plain((9, 9, 9), size)])[0].vector).all()
