from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.core.errors import NotFound
from app.core.requests import IngestRequest
from app.core.settings import Ingest
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.services.ingest import IngestService
from tests.unit.api.stand_in import a_video


@pytest.mark.parametrize(
    ("given", "kept", "shown"),
    [(" One\n two\u2028", "One two", "One two"), (" \n", None, "film"), (None, None, "film")],
)
def test_a_title_stands_on_one_line_and_the_file_names_a_job_without_one(
    tmp_path: Path, given: str | None, kept: str | None, shown: str
) -> None:
    service = IngestService(cast(Any, None), Ingest, SqlJobStore(MemoryDatabase()))
    job = service.submit(IngestRequest(tmp_path / "film.mp4", title=given))
    assert (job.payload["title"], job.title) == (kept, shown)


def test_frames_of_a_video_without_pictures_are_not_to_be_had_by_reading_it_again(tmp_path: Path) -> None:
    video = a_video(b"sound", "Sound", tmp_path / "sound.ogg")
    video = replace(video, media=replace(video.media, video=None))
    with pytest.raises(NotFound, match="no pictures") as refused:
        IngestService(cast(Any, None), Ingest, SqlJobStore(MemoryDatabase())).features(video)
    assert "ngest" not in refused.value.hint
