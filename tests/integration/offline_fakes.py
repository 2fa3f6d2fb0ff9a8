"""Settings for the whole product with fake models: real files and real stores, no weights."""

from __future__ import annotations

from pathlib import Path

FAKE_MODELS = {
    f"LONGREEL_MODELS__{role}": "fake"
    for role in ("TRANSCRIBER", "DIARIZER", "FRAME_EMBEDDER", "TEXT_EMBEDDER", "RERANKER", "TEXT_READER", "CAPTIONER")
} | {"LONGREEL_MODELS__LANGUAGE_MODEL": "none", "LONGREEL_MODELS__OBJECT_DETECTOR": "none"}

TEXT_READER = "LONGREEL_MODELS__TEXT_READER"
"""Set it to "" for the real one, which takes most of the time of an ingest."""

SMALL_UNITS = {"LONGREEL_INGEST__CHUNK_S": "30", "LONGREEL_INGEST__SAMPLE_CHUNK_S": "30"}


def environment(folder: Path) -> dict[str, str]:
    """Variables for a library of its own in `folder`."""
    places = {"LONGREEL_HOME": str(folder / "home"), "LONGREEL_DATA": str(folder / "data")}
    return {**FAKE_MODELS, **SMALL_UNITS, **places}
