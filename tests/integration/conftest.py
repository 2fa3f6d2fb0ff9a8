from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.bootstrap import Services, build
from app.core.settings import load_settings
from tests.integration.live import serving
from tests.integration.offline_fakes import environment
from tests.narrated_file import write_narrated
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn

OpenLibrary = Callable[[], Services]


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    """A Longreel without models."""
    return stand_in.make(tmp_path)


@pytest.fixture
def address(parts: StandIn) -> Iterator[str]:
    """Where it is served."""
    with serving(parts) as address:
        yield address


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenLibrary:
    """A library of the test's own."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    opened: list[Services] = []

    def open_once() -> Services:
        if not opened:
            opened.append(build(load_settings()))
        return opened[0]

    return open_once


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_narrated(tmp_path_factory.mktemp("short") / "short.mp4", seconds=9, seed=1)
