"""Roles, profiles and weights by name."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest

from app.core.errors import BadSettings, MissingPart
from app.core.settings import Hardware, Models, Settings, Weights
from app.core.types import Message
from gpu_workers.registry import CLASSES, PROFILES, Workers
from tests import tiny_models
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service


@pytest.mark.parametrize("profile", ["offline", "cpu", "gpu"])
def test_every_role_of_a_profile_can_be_made_without_loading(profile):
    workers = Workers(Settings(profile=profile))
    for role in PROFILES[profile]:
        assert workers.name(role) in CLASSES[role]
        workers.get(role)
    assert not any(model.is_loaded for model in workers.models())


def test_every_profile_that_can_be_set_has_a_model_for_every_role():
    assert set(PROFILES) == set(get_args(Settings.model_fields["profile"].annotation))
    assert all(set(profile) == set(CLASSES) == set(Models.model_fields) for profile in PROFILES.values())


def test_making_the_gpu_profile_imports_no_torch():
    code = (
        "import sys\nfrom app.core.settings import Settings\nfrom gpu_workers.registry import PROFILES, Workers\n"
        "w = Workers(Settings(profile='gpu'))\nfor role in PROFILES['gpu']:\n    getattr(w.get(role), 'model', '')\n"
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


def test_a_setting_replaces_the_weights_of_a_profile():
    assert Workers(Settings(profile="gpu")).weights("language_model") == "Qwen/Qwen3-8B"
    chosen = Settings(profile="gpu", weights=Weights(language_model="me/mine@v2"))
    assert Workers(chosen).weights("language_model") == "me/mine@v2"


def test_the_captioner_takes_what_the_looks_use_unless_it_has_its_own():
    assert Workers(Settings(profile="cpu", weights=Weights(vision_language_model="a/b"))).weights("captioner") == "a/b"
    own = Settings(profile="cpu", weights=Weights(vision_language_model="a/b", captioner="c/d"))
    assert Workers(own).weights("captioner") == "c/d"


def test_a_gguf_file_of_the_settings_is_what_llama_cpp_loads(tmp_path):
    weights = Weights(language_model=str(tmp_path / "mine.gguf"))
    model = Workers(Settings(profile="cpu", weights=weights)).get("language_model")
    assert model.model == "mine.gguf"
    with pytest.raises(MissingPart, match="There is no file") as caught:
        model.chat([Message("user", "Hello")], max_output=1)
    assert "LONGREEL_WEIGHTS__LANGUAGE_MODEL" in caught.value.hint


def test_an_unknown_name_lists_what_is_near():
    with pytest.raises(BadSettings, match="no captioner named transformer") as caught:
        Workers(Settings(models=Models(captioner="transformer"))).get("captioner")
    assert "transformers" in caught.value.hint


def test_models_are_listed_once_and_freed_when_idle_as_the_settings_say(tmp_path):
    weights = Weights(vision_language_model=str(tiny_models.smolvlm(tmp_path)))
    workers = Workers(Settings(profile="cpu", weights=weights, hardware=Hardware(idle_unload_s=7)))
    workers.get("captioner")
    workers.get("vision_language_model")
    (eyes,) = workers.models()
    assert eyes.idle_unload_s == 7


def test_a_model_that_lacks_memory_gets_room_from_one_that_is_not_used(tmp_path):
    folder = tiny_models.qwen3(tmp_path)
    settings = Settings(profile="gpu", weights=Weights(language_model=str(folder), text_embedder=str(folder)))
    workers = Workers(settings)
    texts, writer = workers.get("text_embedder"), workers.get("language_model")
    texts.embed(["x"])
    assert writer.make_room() and not texts.is_loaded
    assert not writer.make_room()


def test_the_model_that_was_not_used_for_longest_is_freed_first(tmp_path):
    folders = [tiny_models.siglip(tmp_path / "a"), tiny_models.qwen3(tmp_path / "b")]
    weights = Weights(frame_embedder=str(folders[0]), text_embedder=str(folders[1]), language_model=str(folders[1]))
    workers = Workers(Settings(profile="gpu", weights=weights))
    texts, pictures = workers.get("text_embedder"), workers.get("frame_embedder")
    pictures.embed_query("x")
    texts.embed(["x"])
    pictures.embed_query("x")
    writer = workers.get("language_model")
    assert writer.make_room() and pictures.is_loaded and not texts.is_loaded
    assert writer.make_room() and not pictures.is_loaded


def test_models_stay_within_the_memory_that_is_set(tmp_path):
    folders = {kind: str(getattr(tiny_models, kind)(tmp_path / kind)) for kind in ("siglip", "clip", "qwen3")}
    weights = Weights(frame_embedder=folders["siglip"], text_embedder=folders["qwen3"], language_model=folders["qwen3"])

    def load_all(memory_gb):
        hardware = Hardware(device="cpu", memory_gb=memory_gb)
        workers = Workers(Settings(profile="gpu", weights=weights, hardware=hardware))
        models = [workers.get(role) for role in ("text_embedder", "frame_embedder", "language_model")]
        for model in models:
            model.warm_up()
        return models

    together = load_all(0)
    assert all(model.is_loaded for model in together)
    sizes = [model.bytes_taken for model in together]
    assert all(sizes)
    # One byte too little for all three: the first to be loaded was not used for longest.
    assert [m.is_loaded for m in load_all((sum(sizes) - 1) / 1e9)] == [False, True, True]
    assert [m.is_loaded for m in load_all(1e-9)] == [False, False, True]


def test_other_models_can_be_had_while_one_is_made_that_waits_for_a_server():
    asked, leave = threading.Event(), threading.Event()

    def slow(request, earlier):
        asked.set()
        leave.wait(10)
        return Reply(body={"data": [{"index": 0, "embedding": [1.0, 0.0]}]})

    with chat_service(slow) as service, ThreadPoolExecutor(4) as pool:
        models = Models(text_embedder="openai")
        workers = Workers(Settings(models=models, embedding_url=service.url, embedding_model="m"))
        waiting = [pool.submit(workers.get, "frame_embedder") for _ in range(2)]
        assert asked.wait(5)
        others = pool.submit(lambda: (workers.models(), workers.get("diarizer")))
        try:
            assert others.result(timeout=5)[1] is workers.get("diarizer")
            assert not any(one.done() for one in waiting)
        finally:
            leave.set()
        assert waiting[0].result() is waiting[1].result()
        workers.unload("text_embedder")
    assert len(service.requests) == 1


def test_unloading_a_role_frees_its_model(tmp_path):
    weights = Weights(vision_language_model=str(tiny_models.smolvlm(tmp_path)))
    workers = Workers(Settings(profile="cpu", weights=weights))
    captioner = workers.get("captioner")
    captioner.eyes.warm_up()
    workers.unload("captioner")
    assert not captioner.eyes.is_loaded
