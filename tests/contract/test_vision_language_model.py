"""Every VisionLanguageModel; the remote one talks to a real server on this machine."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from app.core.errors import Cancelled
from app.core.ports import VisionLanguageModel
from app.core.settings import Models, Settings, VisionSettings, Weights
from app.core.types import Frame
from gpu_workers.language.fakes import FakeVisionLanguageModel
from gpu_workers.language.openai import OpenAICompatibleVisionModel
from gpu_workers.registry import Workers
from gpu_workers.selection.token_budget import SizedLooking, looking
from gpu_workers.vision import transformers_vision
from gpu_workers.vision.transformers_vision import TransformersVision
from tests.tiny_eyes import BOTH_FORMATS, EYES
from tests.unit.gpu_workers.language.chat_server import chat_service, completion


def served(request, earlier):
    """What a model that really decodes the pictures and reads the times would know."""
    frames, time_s = [], 0.0
    content = request["messages"][0]["content"]
    for part in [] if isinstance(content, str) else content:
        if part["type"] == "image_url":
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            frames.append(Frame(time_s, np.asarray(Image.open(io.BytesIO(data)))))
        elif part["text"].startswith("t="):
            time_s = float(part["text"][2:-1])
    made = FakeVisionLanguageModel().look(frames, "")
    return completion(made.text, 9, made.output_tokens)


@pytest.fixture(scope="module", params=["fake", "openai", "sized", *BOTH_FORMATS])
def model(request, tmp_path_factory):
    if request.param == "fake":
        yield FakeVisionLanguageModel.from_settings(Settings(), None)
        return
    if request.param in EYES:
        weights = Weights(vision_language_model=str(EYES[request.param](tmp_path_factory.mktemp("eyes"))))
        yield Workers(Settings(profile="cpu", weights=weights)).get("vision_language_model")
        return
    if request.param == "sized":
        weights = Weights(vision_language_model=str(EYES["qwen3_vl"](tmp_path_factory.mktemp("eyes"))))
        models = Models(frame_embedder="fake")
        chosen = Settings(profile="cpu", weights=weights, models=models, vision=VisionSettings(quota=6))
        yield looking(chosen, Workers(chosen))
        return
    with chat_service(served) as service:
        worker = OpenAICompatibleVisionModel.from_settings(Settings(vlm_url=service.url, vlm_model="eyes"), None)
        yield worker
        worker.unload()


@pytest.fixture
def describing(model):
    """A model whose answers tell what it saw; what tiny models with random weights write means nothing."""
    if isinstance(model, TransformersVision | SizedLooking):
        pytest.skip("random weights describe nothing; its prompts are tested by themselves")
    return model


@pytest.fixture(autouse=True)
def few_tokens(monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 8)


def frame(time_s, colour, size=(40, 64)):
    return Frame(time_s, np.full((*size, 3), colour, np.uint8))


def test_it_plays_the_port_and_names_its_model(model):
    assert isinstance(model, VisionLanguageModel)
    assert model.model


def test_it_sees_the_frames_in_order_with_their_times(describing):
    reply = describing.look([frame(12.0, (128, 128, 128)), frame(3.5, (250, 250, 250))], "Which is brighter?")
    assert reply.text == "At 12.0 s the mean colour is 128, 128, 128. At 3.5 s the mean colour is 250, 250, 250."
    assert reply.prompt_tokens > 0 and reply.output_tokens > 0


def test_frames_of_different_sizes_go_together(describing):
    assert describing.look([frame(0.0, 0), frame(1.0, 255, size=(20, 20))], "What?").text.count("mean colour") == 2


def test_the_same_frames_and_question_give_the_same_answer(model):
    shown = [frame(0.0, 40), frame(1.5, (200, 20, 90), size=(20, 90))]
    first = model.look(shown, "What is shown?")
    assert first == model.look(shown, "What is shown?")
    assert first.text and first.prompt_tokens > 0 and first.output_tokens > 0


def test_a_question_without_frames_gets_an_answer(model):
    assert model.look([], "What is shown?").text


def test_a_look_that_nobody_wants_is_stopped(model):
    with pytest.raises(Cancelled):
        model.look([frame(0.0, (10, 200, 10))], "What is shown?", lambda: True)
