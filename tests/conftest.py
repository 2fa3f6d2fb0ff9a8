"""Fixtures that every kind of test shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import (  # noqa: F401
    empty_postgres_url,
    empty_sqlite_url,
    postgres_server,
    postgres_tables,
    postgres_url,
    sqlite_file_url,
)

ROOT = Path(__file__).parents[1]

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
