"""What starting the server loads, and what it must not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from tests.integration.offline_fakes import environment
from tests.unit.api.stand_in import wait_until

HEAVY = ("torch", "transformers", "whisperx", "onnxruntime", "faster_whisper", "ray", "av", "decord", "xllamacpp")


def loaded_by(code: str, folder: Path) -> set[str]:
    """The names of the modules that a fresh interpreter has after running some code."""
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    environment = {"LONGREEL_DATA": str(folder), "HOME": str(folder), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


BUILD = """
import os
import sys
import app.main
from app.core.settings import Settings
assert not {"gradio", "chromadb"} & set(sys.modules)
assert os.listdir(os.environ['HOME']) == []
app.main.create_app(Settings())
"""


def test_importing_the_server_loads_no_page_and_building_it_no_model_library(tmp_path: Path) -> None:
    loaded = loaded_by(BUILD, tmp_path)
    assert loaded.isdisjoint(HEAVY)
    assert "gradio" in loaded


def test_the_wire_types_load_no_web_framework(tmp_path: Path) -> None:
    assert loaded_by("import app.api.schemas", tmp_path).isdisjoint({*HEAVY, "fastapi", "starlette", "gradio"})


def test_a_server_that_is_stopped_while_a_job_is_followed_ends_without_a_traceback(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
        env={**os.environ, **environment(tmp_path), "LONGREEL_SERVER__WORKERS": "0"},
        stderr=subprocess.PIPE,
        text=True,
    ) as server:

        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"{address}/v1/health", trust_env=False).is_success
            return False

        wait_until(answers, 90.0)
        job = httpx.post(f"{address}/v1/videos", json={"path": __file__}, trust_env=False).json()["id"]
        with httpx.stream("GET", f"{address}/v1/jobs/{job}/events", timeout=60, trust_env=False) as events:
            pieces = events.iter_bytes()
            next(pieces)
            server.send_signal(signal.SIGINT)
            told = server.communicate(timeout=60)[1]
    assert "Traceback" not in told
