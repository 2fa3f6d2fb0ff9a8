"""What a model says elsewhere is what it says here: calls and answers go through what Ray does to them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.core.errors import Cancelled
from app.core.ports import scene_describer
from app.core.settings import Models, Settings, VisionSettings
from app.core.types import Frame, Message, TimeSpan
from gpu_workers.cluster.remote import ModelHost, RemoteModel, Stop
from gpu_workers.registry import Workers
from gpu_workers.selection.quota import QuotaSelector
from gpu_workers.selection.token_budget import SizedLooking, looking
from gpu_workers.vision.fakes import FakeTextReader

ROLES = [role for role in Models.model_fields if not role.endswith("selector")]
WORDS = [Message("user", "Say it.")]


@pytest.fixture
def host() -> ModelHost:
    return ModelHost(object(), Workers(Settings(models=Models(**dict.fromkeys(ROLES, "fake")))))


@pytest.fixture
def there(host: ModelHost) -> Callable[[str], Any]:
    """A stand-in whose calls and answers are pickled on their way."""

    def ask(call: Any, stop: Stop | None) -> Any:
        def beat(share: float) -> None:
            if stop is not None and stop():
                raise Cancelled("Stopped.")

        return pickle.loads(pickle.dumps(host.ask(pickle.loads(pickle.dumps(call)), beat)))

    here = Workers(Settings(models=Models(**dict.fromkeys(ROLES, "fake"))))
    return lambda role: RemoteModel(role, here.get(role), ask)


def frame() -> Frame:
    return Frame(1.5, FakeTextReader.write(np.full((40, 60, 3), 90, np.uint8), ["HELLO"]))


@pytest.mark.parametrize(
    ("role", "ask"),
    [
        ("transcriber", lambda model: model.transcribe(np.ones(16_000, np.float32), languages=["en"])),
        ("diarizer", lambda model: model.diarize(np.ones(16_000, np.float32))),
        ("text_embedder", lambda model: model.embed(["a bridge", ""])),
        ("text_embedder", lambda model: model.embed_query("a bridge")),
        ("reranker", lambda model: model.scores("a bridge", ["the bridge", "a cat"])),
        ("frame_embedder", lambda model: model.embed([frame()])),
        ("frame_embedder", lambda model: model.embed_query("red")),
        ("text_reader", lambda model: (model.may_hold_text(frame()), model.read(frame()))),
        ("captioner", lambda model: model.caption([frame()], [], TimeSpan(0, 5))),
        ("object_detector", lambda model: model.detect([frame()], ["dog"], least=0.1)),
        ("language_model", lambda model: model.chat(WORDS, max_output=9, schema={"type": "object"})),
        ("language_model", lambda model: model.chat(WORDS, max_output=9, stop=lambda: False)),
        ("language_model", lambda model: model.capabilities),
        ("vision_language_model", lambda model: model.look([frame()], "What is seen?")),
    ],
)
def test_a_model_elsewhere_answers_as_one_here(
    host: ModelHost, there: Callable[[str], Any], role: str, ask: Callable[[Any], Any]
) -> None:
    assert repr(ask(there(role))) == repr(ask(host._workers.get(role)))
    assert there(role).model == host._workers.get(role).model


def test_a_stand_in_plays_what_its_model_plays(there: Callable[[str], Any]) -> None:
    assert scene_describer(there("captioner")) is None
    assert not hasattr(there("text_embedder"), "weigh")


def test_frames_are_judged_and_sized_by_a_model_elsewhere(there: Callable[[str], Any]) -> None:
    fakes = Workers(Settings(models=Models(**dict.fromkeys(ROLES, "fake"))))
    fakes.stand_in = lambda role, _: there(role)
    assert QuotaSelector.from_settings(Settings(), fakes).name == "quota"
    settings = Settings(profile="cpu", vision=VisionSettings(quota=60))
    workers = Workers(settings)
    workers.stand_in = lambda role, model: RemoteModel(role, model, lambda call, stop: None)
    assert isinstance(looking(settings, workers), SizedLooking)


def test_a_listener_hears_what_a_model_elsewhere_wrote(there: Callable[[str], Any]) -> None:
    heard: list[str] = []
    reply = there("language_model").chat(WORDS, max_output=9, on_text=heard.append)
    assert "".join(heard) == reply.text == "Say it."


def test_an_answer_that_is_not_wanted_is_stopped_where_it_is_written(there: Callable[[str], Any]) -> None:
    with pytest.raises(Cancelled):
        there("language_model").chat(WORDS, max_output=9, stop=lambda: True)


def test_a_host_does_chunks_and_tells_what_its_models_did(host: ModelHost) -> None:
    assert ModelHost({"a": 1}, host._workers).items() == {"a": 1}.items()
    assert host.states() == []  # fakes have no counters
