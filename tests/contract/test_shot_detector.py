"""Every ShotDetector."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import ShotDetector
from app.core.settings import Models, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from tests.tiny_models import transnetv2

COLOURS = [(250, 20, 20), (20, 250, 20), (20, 20, 250), (250, 250, 20)]


@pytest.fixture(scope="module", params=["fake", "transnetv2"])
def detector(request, tmp_path_factory):
    path = transnetv2(tmp_path_factory.mktemp("shots") / "shots.safetensors", sees_colours=True)
    chosen = Settings(models=Models(shot_detector=request.param), weights=Weights(shot_detector=str(path)))
    return Workers(chosen).get("shot_detector")


def clip(lengths, rate=25.0, size=(36, 64)):
    """Frames of one colour a shot, with a little noise."""
    random = np.random.default_rng(0)
    number = 0
    for shot, length in enumerate(lengths):
        for _ in range(length):
            noise = random.integers(0, 4, (*size, 3))
            yield Frame(number / rate, (np.array(COLOURS[shot % len(COLOURS)]) + noise).astype(np.uint8))
            number += 1


def test_it_plays_the_port_and_names_its_model(detector):
    assert isinstance(detector, ShotDetector) and detector.model


@pytest.mark.parametrize("lengths", [[60, 45], [10, 5, 8], [24, 2, 76, 50, 49, 25], [175, 130, 3]])
def test_each_shot_but_the_first_begins_at_its_first_frame(detector, lengths):
    starts = np.cumsum(lengths)[:-1] / 25.0
    assert list(detector.cuts(clip(lengths))) == pytest.approx(list(starts))


@pytest.mark.parametrize("count", [0, 1, 100, 151])
def test_one_shot_has_no_cuts(detector, count):
    assert list(detector.cuts(clip([count]))) == []


def test_uneven_times_and_any_size_are_kept(detector):
    frames = [Frame(f.pts_s**1.5, f.image) for f in clip([30, 40], size=(100, 20))]
    assert list(detector.cuts(iter(frames))) == [frames[30].pts_s]


def test_cuts_come_while_frames_are_still_read(detector):
    read = 0

    def endless():
        nonlocal read
        for frame in clip([110] * 20, size=(9, 16)):
            read += 1
            yield frame

    found = detector.cuts(endless())
    assert next(found) == pytest.approx(110 / 25)
    assert read < 220
