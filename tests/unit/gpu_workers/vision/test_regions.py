"""The part of a frame that a question is about."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.errors import BadSettings
from app.core.settings import Settings, VisionSettings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision.regions import around, cropped
from tests import tiny_models


def frame(seed, size=(48, 80)) -> Frame:
    return Frame(float(seed), np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def test_the_box_lies_around_the_likest_patches_with_the_share_asked_for():
    likeness = np.zeros((8, 8))
    likeness[1:3, 5:7] = 1.0
    left, top, right, bottom = around(likeness, 4 / 64)
    assert (left, top, right, bottom) == pytest.approx((5 / 8, 1 / 8, 7 / 8, 3 / 8))


@pytest.mark.parametrize("corner", [(0, 0), (0, 7), (7, 0), (7, 7)])
@pytest.mark.parametrize("share", [0.02, 0.25, 0.8, 1.0])
def test_a_box_at_the_border_stays_inside_and_keeps_its_size(corner, share):
    likeness = np.zeros((8, 8))
    likeness[corner] = 1.0
    left, top, right, bottom = around(likeness, share)
    assert 0 <= left < right <= 1 + 1e-9 and 0 <= top < bottom <= 1 + 1e-9
    assert (right - left) * (bottom - top) == pytest.approx(share)


def test_a_crop_keeps_its_time_and_has_at_least_one_pixel():
    whole = frame(3)
    part = cropped(whole, (0.25, 0.5, 0.5, 1.0))
    assert part.pts_s == 3.0 and np.array_equal(part.image, whole.image[24:48, 20:40])
    assert cropped(frame(1, (1, 1)), (0.9, 0.9, 1.0, 1.0)).image.shape == (1, 1, 3)


@pytest.fixture(params=sorted(tiny_models.EMBEDDERS))
def embedder(request, tmp_path):
    folder = tiny_models.EMBEDDERS[request.param](tmp_path)
    return Workers(Settings(profile="cpu", weights=Weights(frame_embedder=str(folder)))).get("frame_embedder")


def test_each_frame_has_a_box_of_its_own_together_or_alone(embedder):
    frames = [frame(1), frame(2, (90, 30)), frame(3)]
    boxes = embedder.regions(frames, "a red ball", 0.3)
    assert len(set(boxes)) > 1
    assert all(0 <= left < right <= 1 + 1e-6 and 0 <= top < bottom <= 1 + 1e-6 for left, top, right, bottom in boxes)
    for one, box in zip(frames, boxes, strict=True):
        assert embedder.regions([one], "a red ball", 0.3)[0] == pytest.approx(box)


def test_another_question_may_have_another_box(embedder):
    frames = [frame(number) for number in range(6)]
    assert embedder.regions(frames, "a red ball", 0.2) != embedder.regions(frames, "who stands at the door", 0.2)


def test_clip_sees_only_the_square_in_the_middle(tmp_path):
    folder = tiny_models.clip(tmp_path)
    clip = Workers(Settings(profile="cpu", weights=Weights(frame_embedder=str(folder)))).get("frame_embedder")
    for left, top, right, bottom in clip.regions([frame(n, (40, 80)) for n in range(5)], "x", 0.3):
        assert 0.25 <= left < right <= 0.75 and 0 <= top < bottom <= 1
        assert (right - left) * (bottom - top) == pytest.approx(0.3 / 2)


def looking(tmp_path, **models):
    weights = Weights(
        frame_embedder=str(tiny_models.siglip(tmp_path / "a")),
        vision_language_model=str(tiny_models.smolvlm(tmp_path / "b")),
    )
    chosen = Settings(profile="cpu", weights=weights, vision=VisionSettings(region=0.25), models=models)
    return Workers(chosen).get("vision_language_model")


def test_a_look_shows_only_that_part(tmp_path, monkeypatch):
    eyes, shown = looking(tmp_path), []
    answer = eyes.answer
    monkeypatch.setattr(eyes, "answer", lambda looks, most, stop: shown.extend(looks) or answer(looks, 2))
    eyes.look([frame(1), frame(2)], "What is red?")
    assert [(part.pts_s, part.image.shape) for part in shown[0].frames] == [
        (number, pytest.approx((24, 40, 3), abs=1)) for number in (1.0, 2.0)
    ]
    assert eyes.look([], "Hello").text is not None


def test_an_embedder_that_knows_no_parts_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="cannot find the part"):
        looking(tmp_path, frame_embedder="fake").look([frame(1)], "What?")
