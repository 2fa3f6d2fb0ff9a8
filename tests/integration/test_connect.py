"""`longreel connect` against servers on loopback, and what later commands read from the file that it writes."""

from __future__ import annotations

import base64
import io
import json
import shutil
import socket
import subprocess
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from app.cli import app
from app.core.errors import StorageFull
from app.core.settings import load_settings
from app.services import connection
from gpu_workers.language import openai_server, server_models
from tests.unit.gpu_workers.language.chat_server import ChatService, Reply, chat_service, completion, refusal

EYES = "qwen3-vl:8b"
BLIND = "tiny-text:1b"
SECRET = "sk-loopback"


def answer(request: Mapping[str, Any], _number: int = 0) -> Reply:
    """One model names the colour of a picture, the other refuses pictures."""
    if "messages" not in request:
        return Reply(404, {"error": "not found"})
    content = request["messages"][-1]["content"]
    pictures = [part for part in content if part["type"] == "image_url"] if isinstance(content, list) else []
    if not pictures:
        return completion("yes")
    if request["model"] == BLIND:
        return refusal("this model does not support images")
    data = base64.b64decode(pictures[0]["image_url"]["url"].partition(",")[2])
    red, green, blue = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).mean(axis=(0, 1))
    return completion("It is yellow." if red > 200 and green > 200 and blue < 60 else "It is grey.")


@pytest.fixture
def serve() -> Iterator[Callable[[list[str]], ChatService]]:
    """Starts a server with these models."""
    with ExitStack() as running:

        def start(models: list[str]) -> ChatService:
            service = running.enter_context(chat_service(answer))
            service.listed = Reply(body={"object": "list", "data": [{"id": name} for name in models]})
            return service

        yield start


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `longreel connect` with a home folder of its own."""
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, ["connect", *words])


def test_the_model_that_sees_is_found_and_written_for_later_commands(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path
) -> None:
    service = serve([BLIND, EYES])
    done = connect(service.url.removesuffix("/v1"), "--key", SECRET)
    assert done.exit_code == 0, done.output
    assert f"Connected: {EYES} at {service.url} sees." in " ".join(done.output.split())
    settings = load_settings()
    assert (settings.profile, settings.llm_url, settings.llm_model) == ("remote", service.url, EYES)
    assert settings.llm_key is not None and settings.llm_key.get_secret_value() == SECRET
    assert (tmp_path / "longreel.toml").stat().st_mode & 0o077 == 0
    assert all(
        headers["authorization"] == f"Bearer {SECRET}" for headers in service.headers if "authorization" in headers
    )


def test_a_named_model_is_used_though_it_cannot_see_and_a_note_says_so(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result]
) -> None:
    done = connect(serve([BLIND, EYES]).url, "--model", BLIND)
    assert done.exit_code == 0 and "cannot see" in done.output
    assert load_settings().llm_model == BLIND


def test_connecting_again_replaces_the_connection_and_leaves_other_lines(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "longreel.toml"
    file.write_text('# mine\nbin_days = 3.0\nvlm_model = "old"\n\n[agent]\nmax_steps = 4\n', "utf-8")
    assert connect(serve([EYES]).url).exit_code == 0
    values = tomllib.loads(file.read_text("utf-8"))
    assert (values["bin_days"], values["agent"], "vlm_model" in values) == (3.0, {"max_steps": 4}, False)
    assert file.read_text("utf-8").startswith("# mine") and load_settings().llm_model == EYES


def test_programs_get_json_and_a_list_changes_nothing(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path
) -> None:
    service = serve([BLIND, EYES])
    listed = json.loads(connect(service.url, "--list", "--json").stdout)
    assert [one["name"] for one in listed["models"]] == [BLIND, EYES] and listed["model"] is None
    assert not (tmp_path / "longreel.toml").exists()
    found = json.loads(connect(service.url, "--json").stdout)
    assert found["model"] == EYES
    assert {one["name"]: (one["tried"], one["sees"]) for one in found["models"]} == {
        BLIND: (True, False),
        EYES: (True, True),
    }


def test_a_server_that_still_loads_its_model_is_waited_for_and_then_named(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_server, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(connection, "LOOK_EVERY_S", 0.01)
    loading = refusal("Loading model", 503)
    with chat_service(
        lambda request, number: loading if number < 2 * openai_server.TRIES else answer(request)
    ) as service:
        service.listed = Reply(body={"object": "list", "data": [{"id": EYES}]})
        done = connect(service.url)
    assert done.exit_code == 0, done.output
    assert (
        "may still be loading its model. Waiting ..." in " ".join(done.output.split())
        and load_settings().llm_model == EYES
    )
    never = serve([EYES])
    never.listed = loading
    monkeypatch.setattr(connection, "LOADING_S", 0.03)
    assert failed(connect(never.url)).endswith("may still be loading its model. Try again in a minute.")


def test_ollamas_tag_latest_may_be_left_out(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result]
) -> None:
    assert connect(serve(["eyes:latest", "eyes:1b"]).url, "--model", "eyes").exit_code == 0
    assert load_settings().llm_model == "eyes:latest"


def test_a_note_says_how_to_start_ollama_when_its_model_reads_too_little(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result]
) -> None:
    service = serve([EYES])
    service.pages["/api/ps"] = Reply(body={"models": [{"name": EYES, "model": EYES, "context_length": 4096}]})
    done = connect(service.url)
    assert done.exit_code == 0 and "The model reads only 4,096 tokens at once" in " ".join(done.output.split())
    assert "OLLAMA_CONTEXT_LENGTH=32768 ollama serve" in " ".join(done.output.split())
    service.pages["/api/ps"] = Reply(body={"models": [{"name": EYES, "model": EYES, "context_length": 32768}]})
    assert "tokens at once" not in connect(service.url).output


def test_a_model_that_only_makes_vectors_is_not_connected(connect: Callable[..., Result], tmp_path: Path) -> None:
    with chat_service(lambda *_: refusal('"bge-m3:latest" does not support chat')) as service:
        service.listed = Reply(body={"object": "list", "data": [{"id": "bge-m3:latest"}]})
        said = failed(connect(service.url, "--model", "bge-m3:latest"))
    assert "does not support chat. See its log. Name one that chats with --model." in said
    assert not (tmp_path / "longreel.toml").exists()


def failed(done: Result) -> str:
    """The message of a connection that failed."""
    assert done.exit_code != 0 and done.exception is not None
    return str(done.exception)


def test_each_way_to_fail_has_its_sentence(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
        assert f"There is no server at http://{nobody}" in failed(connect(nobody))
    locked = serve([])
    locked.listed = refusal("no key", 401)
    assert "needs a key" in failed(connect(locked.url))
    assert "refuses the key" in failed(connect(locked.url, "--key", "wrong"))
    assert "has no models" in failed(connect(serve([]).url))
    fresh = serve([])
    fresh.listed = Reply(body={"object": "list", "data": None})  # Ollama before its first model
    assert "has no models" in failed(connect(fresh.url))
    page = serve([])
    page.listed = Reply(200, b"<html>hello</html>")
    assert "is not OpenAI-compatible" in failed(connect(page.url))
    itself = serve([])
    itself.listed = Reply(body={"data": [{"id": "longreel", "owned_by": "longreel"}]})
    assert "is Longreel itself" in failed(connect(itself.url))
    assert "Did you mean qwen3-vl:8b?" in failed(connect(serve([EYES]).url, "--model", "qwen3-vl:7b"))
    assert (
        "name" not in failed(connect("ftp://127.0.0.1/models"))
        and "write it like" in failed(connect("ftp://127.0.0.1")).lower()
    )
    assert not (tmp_path / "longreel.toml").exists()


def test_many_models_of_a_vendor_are_not_tried_one_by_one(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result]
) -> None:
    service = serve([f"model-{number}" for number in range(40)])
    assert "Choose one with --model" in failed(connect(service.url))
    assert not any("messages" in request for request in service.requests)


DEEP = b"[" * 200_000
NONSENSE = {
    "deep": DEEP,
    "numbers": b'{"data": [{"id": 7}, {"id": null}, 3, {"name": "a"}]}',
    "half": b'{"data": [{"id": "a',
    "no list": b'{"data": {"id": "a"}}',
    "other bytes": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("babble", NONSENSE.values(), ids=NONSENSE)
def test_a_list_of_models_that_is_nonsense_ends_in_a_sentence(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path, babble: bytes
) -> None:
    service = serve([])
    service.listed = Reply(200, babble)
    assert "has no models" in failed(connect(service.url)) or "is not OpenAI-compatible" in failed(connect(service.url))
    assert not (tmp_path / "longreel.toml").exists()


@pytest.mark.parametrize("speech", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"{ " * 4000])
def test_a_server_that_never_stops_talking_is_left(
    connect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, speech: bytes
) -> None:
    monkeypatch.setattr(server_models, "TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=talk_for_ever, args=(server, speech), daemon=True).start()
        begun = time.monotonic()
        message = failed(connect(f"127.0.0.1:{server.getsockname()[1]}"))
    assert "did not answer in 0.5 s" in message
    assert time.monotonic() - begun < 20.0


def talk_for_ever(server: socket.socket, speech: bytes) -> None:
    """Answers each connection with a text, and then with spaces until the other side leaves."""
    with suppress(OSError):
        while True:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.recv(4096)
                line.sendall(speech)
                while True:
                    line.sendall(b" ")
                    time.sleep(0.02)


def test_on_a_full_disk_the_earlier_settings_stay(
    serve: Callable[[list[str]], ChatService], connect: Callable[..., Result], tmp_path: Path
) -> None:
    tried = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True
    )
    if not tried or tried.returncode != 0:
        pytest.skip("small file systems cannot be mounted here")
    try:
        file = tmp_path / "longreel.toml"
        file.write_text("bin_days = 3.0\n", "utf-8")
        with suppress(OSError), (tmp_path / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                continue
        done = connect(serve([EYES]).url)
        assert isinstance(done.exception, StorageFull) and "Free some space" in str(done.exception)
        assert file.read_text("utf-8") == "bin_days = 3.0\n"
        assert {path.name for path in tmp_path.iterdir()} == {"longreel.toml", "filler"}
        (tmp_path / "filler").unlink()
        assert connect(serve([EYES]).url).exit_code == 0 and load_settings().llm_model == EYES
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
