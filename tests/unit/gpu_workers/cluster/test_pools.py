"""Every model can have a pool of actors, and every kind of chunk finds the pool of its model."""

from __future__ import annotations

import inspect

import pytest

from app.bootstrap import ROLES, build, in_an_actor
from app.core.settings import Hardware, Models, Ray, RayPool, Settings, Weights
from app.services.ingest.chunks import ChunkReader
from gpu_workers.cluster.batching import JOINED, Joined
from gpu_workers.cluster.remote import RemoteModel
from gpu_workers.registry import CLASSES

SELECTORS = {"frame_selector", "query_frame_selector"}
"""They reckon with what models found."""


def test_every_model_of_the_registry_can_have_a_pool() -> None:
    for role in CLASSES.keys() - SELECTORS:
        assert Ray(pools={role: RayPool()}).pools[role].replicas == 1
    assert set(Models.model_fields) == set(CLASSES)


def test_every_kind_of_chunk_is_read_by_the_pool_of_a_model() -> None:
    methods = {name for name, _ in inspect.getmembers(ChunkReader, inspect.isfunction) if not name.startswith("_")}
    assert set(ROLES) == methods
    assert set(ROLES.values()) < CLASSES.keys()


def test_a_model_with_a_pool_answers_there_and_others_here(tmp_path) -> None:
    ray = Ray(pools={"text_embedder": RayPool()})
    models = Models(text_embedder="fake", language_model="fake")
    settings = Settings(data=tmp_path, runtime="ray", ray=ray, models=models)
    longreel = build(settings)
    assert isinstance(longreel.workers.get("text_embedder"), RemoteModel)
    assert longreel.workers.get("text_embedder").model == "fake-words@1"
    assert not isinstance(longreel.workers.get("language_model"), RemoteModel)
    assert longreel.workers.get("vision_language_model") is None
    assert longreel.pools() == []
    alone = build(settings.model_copy(update={"runtime": "local"}))
    assert not isinstance(alone.workers.get("text_embedder"), RemoteModel)


def test_an_actor_joins_the_calls_of_models_that_take_lists(tmp_path) -> None:
    models = Models(**dict.fromkeys(["text_embedder", "frame_embedder", "captioner", "text_reader"], "fake"))
    settings = Settings(data=tmp_path, models=models)
    host = in_an_actor((settings, RayPool(at_once=4, window_ms=5)))
    assert isinstance(host.frame_embedder, Joined)
    assert host.frame_embedder.model == "fake-colours@1"
    assert not isinstance(host.text_reader, Joined)
    assert JOINED.keys() < CLASSES.keys()


@pytest.mark.parametrize(("gpus", "device"), [(0.25, "cuda"), (0.0, "cuda:1")])
def test_an_actor_takes_the_gpu_that_ray_shows_it(tmp_path, gpus: float, device: str) -> None:
    weights = Weights(frame_embedder="me/mine")
    models = Models(frame_embedder="transformers")
    settings = Settings(data=tmp_path, weights=weights, models=models, hardware=Hardware(device="cuda:1"))
    host = in_an_actor((settings, RayPool(gpus=gpus)))
    assert host.frame_embedder._settings.hardware.device == device
