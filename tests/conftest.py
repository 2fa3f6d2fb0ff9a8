"""Fixtures that every kind of test shares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.postgres import (  # noqa: F401
    empty_postgres_url,
    empty_sqlite_url,
    postgres_server,
    postgres_tables,
    postgres_url,
    sqlite_file_url,
)

ROOT = Path(__file__).parents[1]
PAGE = "tests/integration/page"
LONG_FIRST = ("integration", "contract", "gpu_workers", "benchmarks")
"""Folders of tests that take long, the longest first."""

# Tests run side by side: threads of one that wait for work must not take the cores of another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("LONGREEL_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that none of them is left over for one worker at the end."""

    def place(item: pytest.Item) -> int:
        return next((at for at, name in enumerate(LONG_FIRST) if name in item.path.parts), len(LONG_FIRST))

    items.sort(key=place)


class FilesAndThePage(LoadFileScheduling):
    """The tests of a file run on one worker; so do all tests of the page, since two browsers starve each other."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return PAGE if file.startswith(PAGE) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesAndThePage:
    """Which worker runs which tests."""
    return FilesAndThePage(config, log)


# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_videos() -> Path:
    """The folder of real videos with questions, which lies beside a developer's checkout only."""
    folder = ROOT.parent / "shared" / "videos"
    if not (folder / "qa.jsonl").is_file():
        pytest.skip("the real videos are not beside this checkout (../shared/videos)")
    return folder
