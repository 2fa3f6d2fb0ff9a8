"""OWLv2 and Grounding DINO through the product's own loading, on tiny models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.settings import Hardware, Settings, Weights
from app.core.types import Frame
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_detection as detection
from tests import tiny_models


def made(folder, **hardware):
    chosen = Settings(profile="gpu", weights=Weights(object_detector=str(folder)), hardware=Hardware(**hardware))
    return Workers(chosen).get("object_detector")


@pytest.fixture(scope="module", params=sorted(tiny_models.DETECTORS))
def detector(request, tmp_path_factory):
    return made(tiny_models.DETECTORS[request.param](tmp_path_factory.mktemp(request.param)), batch=4)


@pytest.fixture(scope="module")
def dino(tmp_path_factory):
    return made(tiny_models.grounding_dino(tmp_path_factory.mktemp("dino")))


def frame(seed, size=(40, 64)) -> Frame:
    return Frame(float(seed), np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def test_a_batch_that_does_not_fit_is_halved(detector, monkeypatch):
    import torch

    frames = [frame(i) for i in range(4)]
    expected = detector.detect(frames, ["dog", "cat"], least=0.0)
    look, sizes = detector._loaded.look, []

    def small(loaded, pictures, names):
        sizes.append(len(pictures))
        if len(pictures) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return look(loaded, pictures, names)

    loaded = detector._loaded
    monkeypatch.setattr(detector, "_loaded", replace(loaded, look=small))
    found = detector.detect(frames, ["dog", "cat"], least=0.0)
    assert sizes == [4, 2, 2]
    assert [len(things) for things in found] == [len(things) for things in expected]
    monkeypatch.setattr(detector, "_largest", 4)


def test_frames_of_one_size_go_together_and_others_alone(detector, monkeypatch):
    detector.warm_up()
    loaded, sizes = detector._loaded, []

    def counted(given, pictures, names):
        sizes.append((len(pictures), pictures[0].size))
        return loaded.look(given, pictures, names)

    monkeypatch.setattr(detector, "_loaded", replace(loaded, look=counted))
    detector.detect([frame(1), frame(2), frame(3, (50, 50)), frame(4)], ["dog"], least=0.0)
    assert sizes == [(2, (64, 40)), (1, (50, 50)), (1, (64, 40))]


def test_names_longer_than_the_model_reads_are_cut(detector):
    long = "a very long name of a thing that nobody would ever write in a question " * 3
    assert detector.detect([frame(1)], [long, "dog"], least=0.0)[0]


def test_a_box_is_told_in_shares_of_the_picture_and_not_of_the_square_around_it():
    import torch

    class Model:
        device, dtype = "cpu", torch.float32
        config = type("C", (), {"text_config": type("T", (), {"max_position_embeddings": 8})()})()

        def __call__(self, **given):
            boxes = torch.tensor([[[0.25, 0.125, 0.5, 0.25]]])
            return type("Seen", (), {"logits": torch.zeros(1, 1, 1), "pred_boxes": boxes})()

    def tokenizer(texts, **options):
        return {"input_ids": torch.ones(len(texts), 8), "attention_mask": torch.ones(len(texts), 8)}

    def processor(images, **options):
        return {"pixel_values": torch.zeros(len(images), 3, 8, 8)}

    from PIL import Image

    loaded = detection._Loaded(Model(), processor, tokenizer, detection._owl)
    # A picture of 100 x 50 lies in the upper half of its square.
    ((scores, boxes),) = detection._owl(loaded, [Image.new("RGB", (100, 50))], ["dog"])
    assert boxes[0, 0].tolist() == pytest.approx([0.0, 0.0, 0.5, 0.5])
    assert scores.item() == pytest.approx(0.5)


def test_each_name_is_judged_by_its_own_tokens(dino):
    dino.warm_up()
    text, spans = detection._sentence(["Dog", "red  bus."])
    assert text == "dog. red bus." and [text[a:b] for a, b in spans] == ["dog", "red bus"]


def test_more_names_than_the_model_reads_at_once_are_read_in_parts(dino):
    dino.warm_up()
    names = [f"thing {number}" for number in range(12)]
    parts = list(detection._parts(dino._loaded, names))
    assert len(parts) > 1 and [place for part in parts for place in part] == list(range(12))
    found = dino.detect([frame(1)], names, least=0.0)[0]
    assert len({thing.name for thing in found}) > 1 and len(found) <= detection.MOST


def test_boxes_of_one_name_that_overlap_are_one_thing():
    import torch

    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.48], [0.6, 0.6, 1.2, 1.0]])
    scores = torch.tensor([[0.5, 0.1], [0.9, 0.2], [0.3, 0.4]])
    found = sorted(detection._things(scores, boxes, ["dog", "cat"], 0.2), key=lambda thing: thing.name)
    assert [(thing.name, round(thing.confidence, 3)) for thing in found] == [("cat", 0.4), ("dog", 0.9)]
    assert found[0].box == pytest.approx((0.6, 0.6, 1.0, 1.0))


def test_numbers_stay_in_full_precision_unless_the_setting_says_otherwise(tmp_path):
    folder = tiny_models.owlv2(tmp_path)
    assert made(folder).place.dtype == "float32"
    assert made(folder, dtype="bfloat16").place.dtype == "bfloat16"


def test_a_model_that_detects_nothing_by_name_is_refused(tmp_path):
    with pytest.raises(MissingPart):
        made(tiny_models.bert(tmp_path)).detect([frame(1)], ["dog"], least=0.1)
