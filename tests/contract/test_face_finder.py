"""Every FaceFinder."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import FaceFinder
from app.core.settings import Models, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from tests import tiny_faces


@pytest.fixture(scope="module", params=["fake", "opencv"])
def finder(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    weights = Weights(
        face_detector=str(tiny_faces.detector(folder / "detector.onnx")),
        face_embedder=str(tiny_faces.embedder(folder / "embedder.onnx")),
    )
    return Workers(Settings(models=Models(face_finder=request.param), weights=weights)).get("face_finder")


def frame(time_s, *places, size=(240, 320)):
    image = np.full((*size, 3), 40, np.uint8)
    for left, top in places:
        tiny_faces.draw(image, left, top, (255, 0, 0))
    return Frame(time_s, image)


def test_it_plays_the_port_and_names_its_model(finder):
    assert isinstance(finder, FaceFinder) and finder.model


def test_each_frame_has_its_own_faces_in_order(finder):
    found = finder.faces([frame(0.0), frame(1.0, (36, 28)), frame(2.0, (212, 100))])
    assert [len(faces) for faces in found] == [0, 1, 1]
    for (face,), (left, top) in zip(found[1:], [(36, 28), (212, 100)], strict=True):
        assert face.box == pytest.approx((left / 320, top / 240, (left + 48) / 320, (top + 48) / 240), abs=0.06)
        assert 0 < face.confidence <= 1


def test_vectors_are_unit_vectors_of_one_length_and_repeat(finder):
    first, second = (finder.faces([frame(0.0, (36, 28))])[0][0].vector for _ in range(2))
    assert first.dtype == np.float32 and np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    assert first.tobytes() == second.tobytes()


def test_nothing_is_found_in_nothing(finder):
    assert finder.faces([]) == []
    assert finder.faces([frame(0.0, size=(3, 900)), frame(1.0, size=(1, 1))]) == [[], []]
