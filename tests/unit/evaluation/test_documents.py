"""docs/evaluation.md names every mode, every benchmark and every option that shapes a run."""

from __future__ import annotations

from app.evaluation.datasets.registry import BENCHMARKS
from app.evaluation.modes.material import Subtitles
from app.evaluation.modes.mode import COMPARED, Mode
from tests.conftest import ROOT


def test_the_page_names_every_mode_and_benchmark_in_its_tables() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    tables = page.partition("| field |")[0]  # after them comes what a file of one's own questions holds
    cells = {
        cell.strip() for line in tables.splitlines() if line.startswith("| `") for cell in line.split("|")[1].split(",")
    }
    assert cells == {f"`{name}`" for name in (*Mode, "all", *BENCHMARKS)}
    last = next(line for line in page.splitlines() if line.startswith("| `all` |"))
    assert all(f"`{mode}`" in last for mode in COMPARED)
    assert "--subtitles " + "|".join(Subtitles) in page
