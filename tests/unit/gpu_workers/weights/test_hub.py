"""Weights that are here, half here, or not here at all."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from app.core.errors import MissingPart
from gpu_workers.weights import hub


def a_model(folder, shards=("model.safetensors",), indexed=False):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    for shard in shards:
        (folder / shard).write_bytes(b"0")
    if indexed:
        index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_a_folder_with_a_model_is_used_as_it_is(tmp_path):
    place = a_model(tmp_path / "mine")
    assert hub.folder(str(place), "captioner") == place


def test_a_folder_without_weights_names_the_setting(tmp_path):
    with pytest.raises(MissingPart, match="does not contain a complete model") as caught:
        hub.folder(str(a_model(tmp_path / "mine", shards=())), "captioner")
    assert "LONGREEL_WEIGHTS__CAPTIONER" in caught.value.hint


def test_a_folder_that_lacks_a_shard_is_not_complete(tmp_path):
    assert not hub.is_complete(a_model(tmp_path / "a", ["model-1.safetensors"], indexed=True))
    assert hub.is_complete(a_model(tmp_path / "b", ["model-1.safetensors", "model-2.safetensors"], indexed=True))


def test_the_title_of_a_folder_changes_with_its_files_and_hides_where_it_lies(tmp_path):
    place = a_model(tmp_path / "mine")
    before = hub.title(str(place))
    assert before.startswith("mine@") and str(tmp_path) not in before
    (place / "config.json").write_text('{"x": 1}')
    assert hub.title(str(place)) != before
    assert hub.title("google/siglip2-base-patch16-224") == "google/siglip2-base-patch16-224"


def test_a_file_is_a_path_or_missing_with_the_setting_named(tmp_path):
    path = tmp_path / "small.gguf"
    path.write_bytes(b"0")
    assert hub.file(str(path), "language_model") == path
    with pytest.raises(MissingPart, match="no file") as caught:
        hub.file(str(tmp_path / "other.gguf"), "language_model")
    assert "LONGREEL_WEIGHTS__LANGUAGE_MODEL" in caught.value.hint


AWAY = """
from gpu_workers.weights import hub
from app.core.errors import MissingPart
for ask in (lambda: hub.folder("nobody/nothing", "frame_embedder"), lambda: hub.file("a/b/c.gguf", "language_model")):
    try:
        ask()
    except MissingPart as error:
        print(error)
"""


@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_hub_that_is_away_gives_one_sentence_at_once(tmp_path, offline):
    variables = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": offline}
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", AWAY], env={"PATH": "", **variables}, capture_output=True, text=True, timeout=60
    )
    assert time.monotonic() - started < 15
    folder, file = ran.stdout.splitlines()
    assert "The weights nobody/nothing are not on this machine" in folder
    assert "hf download nobody/nothing" in folder and "LONGREEL_WEIGHTS__FRAME_EMBEDDER" in folder
    assert "hf download a/b c.gguf" in file and "LONGREEL_WEIGHTS__LANGUAGE_MODEL" in file


def test_what_is_on_this_machine_is_told_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    place = a_model(tmp_path / "mine", shards=())
    assert hub.here(str(place)) == place
    file = tmp_path / "weights.pth"
    file.write_bytes(b"0")
    assert hub.here(str(file)) == file
    assert hub.here(str(tmp_path / "nothing")) is None
    assert hub.here("nobody/nothing-at-all@v1") is None
    assert hub.here("not a name of the hub") is None


def test_the_title_of_a_file_changes_with_its_size(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"0")
    before = hub.title(str(file))
    file.write_bytes(b"00")
    assert before.startswith("weights.pth@") and hub.title(str(file)) != before
