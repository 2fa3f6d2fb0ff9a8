"""What the pictures of the page show is really in the library that they are taken of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.types import SegmentKind
from app.db.database import Database, sqlite_url
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.jobs.states import JobState
from app.services.ingest.calls import thumbnail_key
from benchmarks.page_scenes import FILMS, a_library, a_queue
from gpu_workers.media.store import FolderMediaStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "longreel.sqlite"))
    database.migrate()
    yield database
    database.close()


def test_a_library_has_videos_with_pictures_and_tags(database: Database, tmp_path: Path) -> None:
    a_library(database, tmp_path)
    library, media = SqlLibrary(database), FolderMediaStore(tmp_path / "media")
    videos = library.videos()
    assert len(videos) == len(FILMS) and all(video.ready and video.tags for video in videos)
    for video in videos:
        [picture] = library.segments(video.id, kinds=[SegmentKind.VISUAL])
        assert picture.frame_s == 0.0 and media.get(thumbnail_key(video.id, 0.0))


def test_a_queue_has_a_job_in_every_state_that_it_shows(database: Database, tmp_path: Path) -> None:
    a_queue(database, tmp_path)
    jobs = SqlJobStore(database)
    assert [len(jobs.list(state)) for state in (JobState.RUNNING, JobState.QUEUED, JobState.FAILED)] == [1, 3, 1]
    assert jobs.list(JobState.RUNNING)[0].done_share == 0.5
