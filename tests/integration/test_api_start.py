"""What starting the server loads, and what it must not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_importing_the_server_loads_no_model_library_and_no_page(tmp_path: Path) -> None:
    loaded = loaded_by("import app.main", tmp_path)
    assert loaded.isdisjoint({*HEAVY, "gradio", "chromadb"})
    assert list(tmp_path.iterdir()) == []


def test_building_the_server_with_its_page_loads_no_model_library(tmp_path: Path) -> None:
    code = "from app.core.settings import Settings\nfrom app.main import create_app\ncreate_app(Settings())"
    loaded = loaded_by(code, tmp_path)
    assert loaded.isdisjoint(HEAVY)
    assert "gradio" in loaded


def test_the_wire_types_load_no_web_framework(tmp_path: Path) -> None:
    assert loaded_by("import app.api.schemas", tmp_path).isdisjoint({*HEAVY, "fastapi", "starlette", "gradio"})
