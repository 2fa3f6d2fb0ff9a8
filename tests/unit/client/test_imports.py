from __future__ import annotations

import subprocess
import sys

UNWANTED = (
    *("torch", "numpy", "sqlalchemy", "chromadb", "fastapi", "starlette", "gradio", "langgraph", "PIL", "typer"),
    *("app.bootstrap", "app.db", "app.services", "agents", "retrieval", "gpu_workers", "ui"),
)


def test_the_client_loads_neither_engine_nor_server() -> None:
    code = f"import sys, app.client; print(' '.join(name for name in {UNWANTED!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
