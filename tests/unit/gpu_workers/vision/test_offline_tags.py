from __future__ import annotations

import numpy as np

from app.core.types import Frame, FrameFeatures, TimeSpan
from gpu_workers.vision.offline_tags import OfflineTagsCaptioner, sure_classes

SPAN = TimeSpan(0.0, 10.0)
VECTOR = np.ones(4, dtype=np.float32)


def picture(colour, size=(180, 320)) -> np.ndarray:
    return np.full((*size, 3), colour, dtype=np.uint8)


def caption(*images, tags=()):
    frames = [Frame(float(i), image) for i, image in enumerate(images)]
    features = [FrameFeatures(frame.pts_s, VECTOR, VECTOR, tags=tuple(tags)) for frame in frames]
    return OfflineTagsCaptioner().caption(frames, features, SPAN)


def test_only_sure_classes_are_told():
    found = caption(picture((128, 128, 128)), tags=[("espresso", 0.9), ("tea cup", 0.3)])
    assert found.text.startswith("Looks like: espresso.") and "tea cup" not in found.text
    assert found.tags == ("espresso", "grey") and found.model == "offline-tags"


def test_the_surest_frame_decides_for_a_class():
    features = [FrameFeatures(0, VECTOR, VECTOR, tags=(("cat", p), ("dog", 0.7))) for p in (0.2, 0.95)]
    assert sure_classes(features) == ["cat", "dog"]


def test_a_small_coloured_thing_is_told_with_its_place():
    image = picture((110, 110, 110))
    image[60:120, 280:310] = (120, 200, 60)
    assert "mostly grey, some green on the right" in caption(image).text


def test_a_thing_that_only_one_frame_shows_is_told():
    image = picture((110, 110, 110))
    image[:40, :30] = (200, 20, 20)
    assert "some red on the left" in caption(picture((110, 110, 110)), image, picture((110, 110, 110))).text


def test_a_border_around_all_frames_is_told_even_when_it_is_thin():
    image = picture((0, 0, 0), (234, 416))
    for side in (image[:3], image[-3:], image[:, :3], image[:, -3:]):
        side[:] = (255, 10, 255)
    assert "a pink border" in caption(image, image).text
    assert "border" not in caption(image, picture((0, 0, 0), (234, 416))).text


def test_a_picture_of_one_colour_has_no_border():
    assert "border" not in caption(picture((250, 0, 0))).text


def test_darkness_brightness_and_blank_pictures_are_told():
    light = picture((255, 255, 255))
    light[80:100, 100:200] = 0
    dark = picture((10, 10, 10))
    dark[80:100, 100:200] = 255
    assert "Bright picture." in caption(light).text
    assert "Dark picture." in caption(dark).text
    assert "Blank picture." in caption(picture((0, 0, 0))).text


def test_motion_is_told_from_neighbouring_frames_and_never_from_one():
    a, b = picture((0, 0, 0)), picture((255, 255, 255))
    faint = a.copy()
    faint[:60, :80] = 120
    assert "Still picture." in caption(a, a, a).text
    assert "The picture changes little." in caption(a, faint, a).text
    assert "The picture changes much." in caption(a, b, a).text
    assert "changes" not in caption(a).text and "Still" not in caption(a).text
