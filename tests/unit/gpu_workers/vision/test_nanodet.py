"""NanoDet: which files it accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import MissingPart
from app.core.settings import Models, Settings, Weights
from gpu_workers.registry import Workers


@pytest.mark.parametrize(("files", "problem"), [((), "needs the files"), (("nanodet.json",), "not the published file")])
def test_only_the_published_files_are_loaded(files: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_text("{}", "utf-8")
    chosen = Settings(models=Models(object_detector="nanodet"), weights=Weights(object_detector=str(tmp_path)))
    with pytest.raises(MissingPart, match=problem) as raised:
        Workers(chosen).get("object_detector").warm_up()
    assert "LONGREEL_WEIGHTS__OBJECT_DETECTOR" in str(raised.value)
