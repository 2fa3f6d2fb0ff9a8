"""Captions by a vision-language model: what it is asked, and what is made of its answer."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.ports import CaptionTask
from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame, TimeSpan
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_captions
from gpu_workers.vision.transformers_captions import parted
from tests import tiny_models


@pytest.mark.parametrize(
    ("said", "text", "tags"),
    [
        ("Caption: A dog runs.\nTags: dog, grass", "A dog runs.", ("dog", "grass")),
        ("**Caption:** A dog\nruns. \n\n**Tags:** Dog; grass, dog,", "A dog runs.", ("dog", "grass")),
        ("A dog runs.", "A dog runs.", ()),
        ("tags: a, b", "", ("a", "b")),
        ("Caption: " + "A man at a desk.", "A man at a desk.", ()),
        ("", "", ()),
        ("x\nTags: " + ", ".join("abcdefghijklmnop"), "x", tuple("abcdefghij")),
    ],
)
def test_an_answer_is_parted_into_caption_and_tags(said, text, tags):
    assert parted(said) == (text, tags)


@pytest.fixture(scope="module")
def captioner(tmp_path_factory):
    weights = Weights(captioner=str(tiny_models.qwen2_5_vl(tmp_path_factory.mktemp("eyes"))))
    workers = Workers(Settings(profile="cpu", weights=weights, hardware=Hardware(batch=3)))
    return workers.get("captioner")


@pytest.fixture(autouse=True)
def few_tokens(monkeypatch):
    monkeypatch.setattr(transformers_captions, "MAX_TOKENS", 6)


def task(seed, count=2) -> CaptionTask:
    random = np.random.default_rng(seed)
    frames = [Frame(10.0 * seed + i, random.integers(0, 256, (36, 64, 3), dtype=np.uint8)) for i in range(count)]
    return CaptionTask(TimeSpan(10.0 * seed, 10.0 * seed + 10), tuple(frames))


def test_several_pieces_at_once_get_what_each_gets_alone(captioner):
    tasks = [task(1), task(2, 1), task(3, 0), task(4, 3), task(5)]
    together = captioner.caption_all(tasks)
    assert together == [captioner.caption(one.frames, (), one.span) for one in tasks]
    assert [caption.span for caption in together] == [one.span for one in tasks]
    assert together[2].text == "" and together[0].text


def test_it_says_how_many_it_takes_at_once(captioner):
    assert captioner.at_once == 3


def test_no_pieces_give_no_captions(captioner):
    assert captioner.caption_all([]) == []


def test_it_may_have_weights_of_its_own(tmp_path):
    folders = [tiny_models.smolvlm(tmp_path / "a"), tiny_models.qwen2_5_vl(tmp_path / "b")]
    weights = Weights(captioner=str(folders[0]), vision_language_model=str(folders[1]))
    workers = Workers(Settings(profile="cpu", weights=weights))
    assert workers.get("captioner").eyes is not workers.get("vision_language_model")
    assert workers.get("captioner").model.startswith("a@")
