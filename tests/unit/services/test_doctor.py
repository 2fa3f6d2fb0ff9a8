"""What `longreel doctor` says of memory; the rest is tested through the command."""

from __future__ import annotations

import sys

import pytest

from app.core.settings import Hardware, Ingest, Settings, Weights
from app.services import doctor
from gpu_workers.memory import check as memory_check
from tests import tiny_models


def memory(settings):
    return {check.name: check for check in doctor.examine(settings) if check.name.startswith("memory")}


def test_faces_have_a_line_only_where_they_are_asked_for(tmp_path):
    def told(**weights):
        settings = Settings(ingest=Ingest(faces=True), weights=Weights(**weights))
        return {check.name: check for check in doctor.examine(settings)}["faces"]

    assert "faces" not in {check.name for check in doctor.examine(Settings())}
    missing = told(face_detector="finds.onnx")
    assert not missing.ok and "face_recognition_sface" in missing.detail
    assert "LONGREEL_WEIGHTS__FACE_EMBEDDER" in missing.command
    assert told(face_detector="finds.onnx", face_embedder="tells.onnx").ok


@pytest.fixture
def small(tmp_path):
    folders = {kind: str(getattr(tiny_models, kind)(tmp_path / kind)) for kind in ("siglip", "smolvlm")}

    def settings(**hardware):
        weights = Weights(frame_embedder=folders["siglip"], vision_language_model=folders["smolvlm"])
        return Settings(profile="cpu", weights=weights, hardware=Hardware(device="cpu", **hardware))

    return settings


def test_every_model_has_a_line_with_its_size_and_what_is_free(small):
    found = memory(small())
    assert set(found) >= {"memory frame_embedder", "memory captioner and vision_language_model", "memory cpu"}
    line = found["memory frame_embedder"].detail
    assert "siglip@" in line and "in float32" in line and "more when it runs" in line and "free on cpu" in line
    assert all(check.ok and not check.command for check in found.values())


def test_what_does_not_fit_comes_with_a_command(small, monkeypatch):
    monkeypatch.setattr(memory_check, "free_bytes", lambda place: 1000)
    check = memory(small())["memory frame_embedder"]
    assert not check.ok and check.command.startswith("export LONGREEL_")


def test_models_that_fit_alone_but_not_together_take_turns_within_a_budget(small, monkeypatch):
    # The packaged language model takes 1.1 GB, and the others a little more.
    monkeypatch.setattr(memory_check, "free_bytes", lambda place: 1_200_000_000)
    check = memory(small())["memory cpu"]
    assert not check.ok and check.command == "export LONGREEL_HARDWARE__MEMORY_GB=1.1"
    assert memory(small(memory_gb=1.1))["memory cpu"].ok


def test_a_profile_that_cannot_be_made_is_told_once():
    checks = doctor.examine(Settings(profile="remote"))
    assert [check.name for check in checks if not check.ok and check.name in ("profile", "memory")] == ["profile"]


def test_the_language_server_is_told_without_its_password_and_needs_no_name_of_a_model():
    def told(**settings):
        url = "http://ann:secret@127.0.0.1:9/v1"
        return {check.name: check for check in doctor.examine(Settings(llm_url=url, **settings))}["language server"]

    named, nameless = told(llm_model="tiny"), told()
    assert (named.ok, named.detail, named.command) == (True, "tiny at http://127.0.0.1:9/v1", "")
    assert nameless.ok and nameless.detail == "its only model at http://127.0.0.1:9/v1"


def test_every_server_that_is_set_is_told():
    url = "http://127.0.0.1:9/v1"
    found = doctor.examine(Settings(vlm_url=url, vlm_model="eyes", embedding_url=url, frame_embedding_url=url))
    told = {check.name: check.detail for check in found if "server" in check.name}
    assert told == {
        "language server": "not used",
        "vision server": f"eyes at {url}",
        "server of text vectors": f"its only model at {url}",
        "server of picture vectors": f"its only model at {url}",
    }


def test_a_library_that_the_system_lacks_is_named_with_what_installs_it(tmp_path, monkeypatch):
    (tmp_path / "xllamacpp.py").write_text("raise ImportError('libgomp.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    check = {one.name: one for one in doctor.examine(Settings())}["package xllamacpp"]
    assert (check.ok, check.command) == (False, "apt-get install libgomp1") and "libgomp.so.1" in check.detail


def test_a_disk_that_is_nearly_full_comes_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE_GB", 1e9)
    rows = [one for one in doctor.examine(Settings(home=tmp_path)) if one.name == "disk"]
    assert [row.ok for row in rows] == [False, False]
    assert "LONGREEL_HOME" in rows[0].command and "LONGREEL_DATA" in rows[1].command
