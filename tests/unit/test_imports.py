"""What a process must not load before it is needed."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "torch",
    "transformers",
    "whisperx",
    "onnxruntime",
    "xllamacpp",
    "av",
    "decord",
    "rapidocr",
    "ray",
    "langgraph",
)


def test_importing_loads_neither_models_nor_the_agent() -> None:
    imports = "import sys, app.main, app.cli, app.bootstrap, app.api.schemas"
    code = f"{imports}; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
