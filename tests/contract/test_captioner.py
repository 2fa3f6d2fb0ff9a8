"""Every Captioner."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import Captioner
from app.core.settings import Settings
from app.core.types import Frame, TimeSpan
from gpu_workers.vision.fakes import FakeCaptioner, FakeFrameEmbedder
from gpu_workers.vision.offline_tags import OfflineTagsCaptioner

SPAN = TimeSpan(10.0, 20.0)


@pytest.fixture(params=[OfflineTagsCaptioner, FakeCaptioner])
def captioner(request):
    return request.param.from_settings(Settings(), None)


def frames(count, size=(90, 160)) -> list[Frame]:
    return [Frame(10.0 + i, np.full((*size, 3), (200, 20 * i, 0), dtype=np.uint8)) for i in range(count)]


def test_it_plays_the_port(captioner):
    assert isinstance(captioner, Captioner) and captioner.model


@pytest.mark.parametrize("count", [1, 3])
def test_a_caption_carries_the_span_and_the_model(captioner, count):
    shown = frames(count)
    caption = captioner.caption(shown, FakeFrameEmbedder().embed(shown), SPAN)
    assert caption.span == SPAN and caption.model == captioner.model
    assert caption.text.strip() and "\n" not in caption.text


def test_no_frames_give_an_empty_text(captioner):
    assert captioner.caption([], [], SPAN).text == ""


def test_features_may_be_missing(captioner):
    assert captioner.caption(frames(2), [], SPAN).text


@pytest.mark.parametrize("size", [(1, 1), (3, 500)])
def test_pictures_of_odd_sizes_are_no_trouble(captioner, size):
    assert captioner.caption(frames(2, size), [], SPAN).text


def test_the_same_frames_give_the_same_caption(captioner):
    shown = frames(3)
    seen = FakeFrameEmbedder().embed(shown)
    assert captioner.caption(shown, seen, SPAN) == captioner.caption(shown, seen, SPAN)
