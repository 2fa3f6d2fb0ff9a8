"""Every Captioner."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import Captioner
from app.core.settings import Settings, Weights
from app.core.types import Frame, TimeSpan
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_captions
from gpu_workers.vision.fakes import FakeCaptioner, FakeFrameEmbedder
from gpu_workers.vision.offline_tags import OfflineTagsCaptioner
from gpu_workers.vision.openai_captions import OpenAICaptioner
from tests.served_models import describe
from tests.tiny_eyes import BOTH_FORMATS, EYES
from tests.unit.gpu_workers.language.chat_server import chat_service

SPAN = TimeSpan(10.0, 20.0)


@pytest.fixture(scope="module", params=[OfflineTagsCaptioner, FakeCaptioner, "openai", *BOTH_FORMATS])
def captioner(request, tmp_path_factory):
    if request.param == "openai":
        with chat_service(describe) as service:
            worker = OpenAICaptioner.from_settings(Settings(vlm_url=service.url, vlm_model="tiny"), None)
            yield worker
            worker.unload()
    elif request.param in EYES:
        weights = Weights(captioner=str(EYES[request.param](tmp_path_factory.mktemp("eyes"))))
        yield Workers(Settings(profile="cpu", weights=weights)).get("captioner")
    else:
        yield request.param.from_settings(Settings(), None)


@pytest.fixture(autouse=True)
def few_tokens(monkeypatch):
    monkeypatch.setattr(transformers_captions, "MAX_TOKENS", 8)


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
