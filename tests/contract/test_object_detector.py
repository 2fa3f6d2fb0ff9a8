"""Every ObjectDetector. NanoDet joins where LONGREEL_TEST_NANODET names the folder of its files."""

from __future__ import annotations

import os

import numpy as np
import pytest

from app.core.ports import ObjectDetector
from app.core.settings import Models, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.weights import parts
from tests.tiny_models import DETECTORS

NAMES = ["red ball", "blue car", "dog", "person", "tv"]


PACKAGED = parts.SSD_MOBILENET.sources[0].find() is not None
"""Whether the package with the weights of the offline detector is installed."""
NANODET = os.environ.get("LONGREEL_TEST_NANODET", "")
OFFLINE = [*(["ssd-mobilenet"] if PACKAGED else []), *(["nanodet"] if PACKAGED and NANODET else [])]


@pytest.fixture(scope="module", params=["fake", *OFFLINE, *sorted(DETECTORS)])
def detector(request, tmp_path_factory):
    if request.param in ("fake", *OFFLINE):
        own = Weights(object_detector=NANODET if request.param == "nanodet" else "")
        yield Workers(Settings(models=Models(object_detector=request.param), weights=own)).get("object_detector")
        return
    folder = DETECTORS[request.param](tmp_path_factory.mktemp(request.param))
    chosen = Settings(models=Models(object_detector="transformers"), weights=Weights(object_detector=str(folder)))
    model = Workers(chosen).get("object_detector")
    yield model
    model.unload()


def frame(seed, size=(40, 64)) -> Frame:
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    image[5:15, 10:30] = (255, 0, 0)
    return Frame(float(seed), image)


def test_it_plays_the_port_and_names_its_model(detector):
    assert isinstance(detector, ObjectDetector) and detector.model


def test_a_detector_with_classes_of_its_own_knows_no_others(detector):
    if not detector.classes:
        pytest.skip("it finds whatever is named")
    assert len(set(detector.classes)) == len(detector.classes)
    assert detector.detect([frame(1)], ["no such thing"], least=0.0) == [[]]


def test_each_frame_has_its_finds_surest_first_inside_the_picture(detector):
    found = detector.detect([frame(1), frame(2, (90, 20)), frame(3)], NAMES, least=0.0)
    assert len(found) == 3 and any(found)
    for things in found:
        assert [thing.confidence for thing in things] == sorted((t.confidence for t in things), reverse=True)
        for thing in things:
            left, top, right, bottom = thing.box
            assert thing.name in NAMES and 0 < thing.confidence <= 1
            assert 0 <= left <= right <= 1 and 0 <= top <= bottom <= 1


def test_what_is_less_sure_than_asked_for_is_left_out(detector):
    every = detector.detect([frame(1)], NAMES, least=0.0)[0]
    middle = every[len(every) // 2].confidence
    assert detector.detect([frame(1)], NAMES, least=middle)[0] == [t for t in every if t.confidence >= middle]
    assert detector.detect([frame(1)], NAMES, least=every[0].confidence + 1e-6) == [[]]


def test_the_same_frames_give_the_same_finds_together_or_alone(detector):
    frames = [frame(1), frame(2), frame(3, (90, 20)), frame(4)]
    together = detector.detect(frames, NAMES, least=0.0)
    assert together == detector.detect(frames, NAMES, least=0.0)
    for a, b in zip(together, [detector.detect([one], NAMES, least=0.0)[0] for one in frames], strict=True):
        assert [t.name for t in a] == [t.name for t in b]
        assert np.allclose([(t.confidence, *t.box) for t in a], [(t.confidence, *t.box) for t in b], atol=1e-4)


def test_no_frames_or_no_names_find_nothing(detector):
    assert detector.detect([], NAMES, least=0.0) == []
    assert detector.detect([frame(1), frame(2)], [], least=0.0) == [[], []]


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 2)])
def test_pictures_of_odd_shapes_are_no_trouble(detector, size):
    picture = Frame(0.0, np.full((*size, 3), (255, 0, 0), np.uint8))
    assert len(detector.detect([picture], NAMES, least=0.0)) == 1
