"""The notebook of the Python client, run from its first cell to its last against a live server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from app.bootstrap import build
from app.core.settings import load_settings
from tests.integration.live import serving
from tests.integration.offline_fakes import TEXT_READER, environment
from tests.integration.reading_chat import connect
from tests.narrated_file import write_narrated
from tests.unit.api import stand_in
from tests.unit.api.stand_in import SAID

NOTEBOOK = Path(__file__).parents[2] / "docs" / "client.ipynb"

Run = Callable[[Any, Path, str], str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the notebook over a wired Longreel; gives what it printed."""

    def ran(parts: Any, film: Path, question: str) -> str:
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        with serving(parts) as address:
            for name, value in (("SERVER", address), ("VIDEO", str(film)), ("QUESTION", question)):
                monkeypatch.setenv(name, value)
            NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parents[1])}}).execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
        kinds = {kind for output in outputs for kind in output.get("data", ())}
        assert {"image/png", "image/jpeg"} <= kinds
        return "".join(output.get("text", "") for output in outputs)

    return ran


def test_the_notebook_runs_and_shows_the_cited_moment(run: Run, tmp_path: Path) -> None:
    film = tmp_path / "harbour.mp4"
    film.write_bytes(b"a film")
    told = run(stand_in.make(tmp_path), film, "When did the bridge open?")
    assert f"8.0 to 11.0 s  speech: {SAID[1][2]}" in told
    assert "A film about a bridge." in told and "0.0 s  The harbour" in told
    assert "Searched for “When did the bridge open?”: 1 moment\nChecked “It opened in 1932.”: supported" in told
    assert "The answer: It opened in {1932} <b>." in told


@pytest.mark.slow
def test_the_notebook_runs_over_a_video_that_is_really_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment(tmp_path), TEXT_READER: ""}.items():
        monkeypatch.setenv(name, value)
    connect(monkeypatch)
    longreel = build(load_settings())
    film = write_narrated(tmp_path / "talk.mp4", seconds=24)
    told = run(SimpleNamespace(longreel=longreel), film, "Which number stands beside RIVER on the screen?")
    assert "2031" in told
