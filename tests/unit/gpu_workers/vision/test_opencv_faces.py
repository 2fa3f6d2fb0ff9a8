"""Faces by OpenCV, with tiny networks of the shape of YuNet and SFace."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.settings import Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from tests import tiny_faces

CHINS = {"Ada": (0, 255, 0), "Bo": (0, 0, 255), "Cy": (255, 255, 255)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    return {
        "face_detector": str(tiny_faces.detector(folder / "detector.onnx")),
        "face_embedder": str(tiny_faces.embedder(folder / "embedder.onnx")),
    }


@pytest.fixture(scope="module")
def finder(files):
    return Workers(Settings(weights=Weights(**files))).get("face_finder")


def crowd(*people, size=(480, 640)):
    image = np.zeros((*size, 3), np.uint8)
    for who, left, top in people:
        tiny_faces.draw(image, left, top, CHINS[who])
    return Frame(0.0, image)


def test_a_person_looks_the_same_wherever_they_stand_and_others_do_not(finder):
    [found] = finder.faces([crowd(("Ada", 36, 28), ("Bo", 164, 100), ("Ada", 404, 300), ("Cy", 540, 28))])
    by_place = {round(face.box[0] * 640): face.vector for face in found}
    ada, bo, again, cy = (by_place[left] for left in sorted(by_place))
    assert ada @ again > 0.95
    assert max(ada @ bo, ada @ cy, bo @ cy) < 0.4


def test_many_faces_are_all_found(finder):
    places = [(4 + 80 * column, 20 + 80 * row) for row in range(5) for column in range(7)]
    [found] = finder.faces([crowd(*(("Bo", left, top) for left, top in places))])
    assert len(found) == len(places)
    middles = sorted((round((f.box[0] + f.box[2]) * 320), round((f.box[1] + f.box[3]) * 240)) for f in found)
    wanted = sorted((left + 24, top + 24) for left, top in places)
    assert np.abs(np.array(middles) - np.array(wanted)).max() <= 8


def test_faces_of_a_large_picture_are_placed_in_it(finder):
    big = np.kron(crowd(("Ada", 100, 60)).image, np.ones((2, 2, 1), np.uint8))
    [[face]] = finder.faces([Frame(0.0, big)])
    assert face.box == pytest.approx((100 / 640, 60 / 480, 148 / 640, 108 / 480), abs=0.02)


def test_memory_does_not_grow_with_the_frames(finder):
    frame = crowd(("Ada", 36, 28), ("Bo", 164, 100))
    finder.faces([frame])
    tracemalloc.start()
    try:
        finder.faces([frame])
        few = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        finder.faces([frame] * 12)
        assert tracemalloc.get_traced_memory()[1] < few + 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("role", ["face_detector", "face_embedder"])
def test_without_a_file_the_error_says_which_to_give(files, role):
    finder = Workers(Settings(weights=Weights(**{**files, role: ""}))).get("face_finder")
    with pytest.raises(MissingPart, match=r"face_(detection_yunet|recognition_sface)\w+\.onnx") as told:
        finder.faces([crowd()])
    assert f"LONGREEL_WEIGHTS__{role.upper()}" in told.value.hint


def test_a_file_that_is_no_network_is_refused(files, tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    finder = Workers(Settings(weights=Weights(**{**files, "face_embedder": str(broken)}))).get("face_finder")
    with pytest.raises(MissingPart, match="cannot read"):
        finder.faces([crowd()])
