"""The files of the program that reads thousands."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.library_speed import SECONDS, write
from gpu_workers.media.probe import PyAVProbe


def test_each_number_gives_a_file_of_its_own(tmp_path: Path) -> None:
    one, same, other = write(tmp_path / "1.mp4", 1), write(tmp_path / "1b.mp4", 1), write(tmp_path / "2.mp4", 2)
    assert one.read_bytes() == same.read_bytes() != other.read_bytes()
    assert PyAVProbe().probe(one).duration_s == pytest.approx(SECONDS, abs=0.3)
