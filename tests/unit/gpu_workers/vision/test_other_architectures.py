"""Every path of the vision worker for architectures that few people use: looks, batches, probabilities and chats."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.settings import Settings, Weights
from app.core.types import Frame, Message
from gpu_workers.registry import Workers
from gpu_workers.vision import transformers_vision
from gpu_workers.vision.transformers_vision import VisionPrompt
from tests import tiny_models

TOKENS_A_FRAME = {"gemma3": 4 + 2 + 4, "aria": 128, "llava_next_video": 4}
"""Of a frame as these tiny models read it; Gemma puts four line breaks around a picture and two marks."""


def frame(time_s, size=(40, 64)) -> Frame:
    return Frame(time_s, np.random.default_rng(int(time_s)).integers(0, 256, (*size, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", tiny_models.OTHER_EYES)
def test_it_looks_judges_and_chats(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(transformers_vision, "LOOK_TOKENS", 4)
    weights = Weights(vision_language_model=str(tiny_models.OTHER_EYES[kind](tmp_path)))
    eyes = Workers(Settings(profile="cpu", weights=weights)).get("vision_language_model")
    one, two = (eyes.look([frame(float(t), (30, 90)) for t in range(count)], "What?") for count in (1, 2))
    assert two.prompt_tokens - one.prompt_tokens == TOKENS_A_FRAME[kind] + len("t=1.0s ")
    looks = [VisionPrompt((frame(float(t)),), "What is it?") for t in range(3)]
    assert eyes.answer(looks, 3) == [eyes.answer([look], 3)[0] for look in looks]
    sure = eyes.first_token_probability([frame(1.0), frame(2.0)], "A cup? A. yes B. no", "A")
    assert sure.shape == (2,) and (sure > 0).all() and (sure < 1).all()
    reply = eyes.chat([Message("user", ("Before:", frame(3.0), "What is it?"))], max_output=3)
    assert reply.prompt_tokens > TOKENS_A_FRAME[kind] and reply.output_tokens <= 3
