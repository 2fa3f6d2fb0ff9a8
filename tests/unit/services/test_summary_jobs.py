"""A summary of several videos as a job: stopped in the middle, it goes on where it was."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from app.core.errors import Cancelled
from app.core.requests import SummaryRequest
from app.db.database import MemoryDatabase
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.db.stages import SqlStageStore
from app.jobs.context import JobContext
from app.services.summary_jobs import KIND, SummaryJobs
from tests.unit.services.summarize.library import MANY, MEETING, CountingEmbedder, a_video, service, shelve


class Stopping(CountingEmbedder):
    """Asks for a stop as soon as it is used."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def embed(self, texts: Any) -> Any:
        self._stop.set()
        return super().embed(texts)


def test_a_stopped_job_goes_on_where_it_was_and_leaves_out_what_was_deleted() -> None:
    database, stop = MemoryDatabase(), threading.Event()
    library, stages, store = SqlLibrary(database), SqlStageStore(database), SqlJobStore(database)
    videos = [shelve(library, a_video("a", "Meeting"), MEETING), shelve(library, a_video("b", "Village", 600), MANY)]
    gone = shelve(library, a_video("c", "Gone"), MEETING)

    def jobs(embedder: CountingEmbedder) -> SummaryJobs:
        return SummaryJobs(service(library, embedder=embedder, stages=stages), store, cast(Any, library))

    first, second = Stopping(stop), CountingEmbedder()
    queued = jobs(first).submit([*videos, gone], SummaryRequest(), title="Films")
    library.delete_video(gone.id)
    claimed = store.claim("w1", [KIND])
    assert claimed is not None and claimed.id == queued.id
    with pytest.raises(Cancelled):
        jobs(first).handle(claimed, JobContext(store, claimed, "w1", stop))
    assert first.seen
    store.release(claimed, "w1")
    again = store.claim("w2", [KIND])
    assert again is not None
    made = jobs(second).handle(again, JobContext(store, again, "w2"))
    assert (made["videos"], made["model"]) == (2, "extractive") and made["sentences"] > 1
    assert not set(first.seen) & set(second.seen[: len(first.seen)])
    assert store.get(queued.id).progress is not None
