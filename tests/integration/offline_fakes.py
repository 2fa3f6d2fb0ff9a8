"""Settings for the whole product with fake models: real files, real stores, no weights."""

from __future__ import annotations

from pathlib import Path

FAKE_MODELS = {
    f"LONGREEL_MODELS__{role}": "fake"
    for role in ("TRANSCRIBER", "FRAME_EMBEDDER", "TEXT_EMBEDDER", "TEXT_READER", "CAPTIONER")
} | {"LONGREEL_MODELS__LANGUAGE_MODEL": "none"}


def environment(folder: Path) -> dict[str, str]:
    """Variables for a library of its own in `folder`."""
    return {**FAKE_MODELS, "LONGREEL_HOME": str(folder / "home"), "LONGREEL_DATA": str(folder / "data")}
