from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from app.core.settings import Ingest
from app.jobs.fakes import MemoryJobStore
from app.services.ingest import IngestService


@pytest.mark.parametrize(
    ("given", "kept", "shown"),
    [(" One\n two\u2028", "One two", "One two"), (" \n", None, "film"), (None, None, "film")],
)
def test_a_title_stands_on_one_line_and_the_file_names_a_job_without_one(
    tmp_path: Path, given: str | None, kept: str | None, shown: str
) -> None:
    job = IngestService(cast(Any, None), Ingest(), MemoryJobStore()).submit(tmp_path / "film.mp4", title=given)
    assert (job.payload["title"], job.title) == (kept, shown)
