from __future__ import annotations

import json

from app.api.schemas import JobOut
from app.jobs.states import Job, JobError, JobState
from app.jobs.webhooks import notice_of

PROGRESS = {"type": "stage_progress", "stage": "sample", "done": 1.0, "total": 2.0, "unit": "s"}
ENDED = Job(
    "j",
    "ingest",
    {"path": "/films/Harbour.mp4"},
    created_at=1_700_000_000.0,
    due_at=1_700_000_000.0,
    state=JobState.FAILED,
    attempts=3,
    progress=PROGRESS | {"speed": None, "left_s": None},
    error=JobError("bad_input", "It is empty.", "Give another."),
    started_at=1_700_000_001.0,
    finished_at=1_700_000_002.5,
)


def test_a_notice_tells_the_job_exactly_as_the_rest_api_does() -> None:
    notice = notice_of(ENDED, "https://example.org/all")
    assert notice is not None
    told = json.loads(notice.payload["body"])
    assert told["data"] == JobOut.of(ENDED).model_dump(mode="json")
    assert told["timestamp"] == told["data"]["finished_at"] == "2023-11-14T22:13:22.500+00:00"
    assert notice.title == "job.failed: Harbour"


def test_the_same_end_gives_the_same_notice() -> None:
    assert notice_of(ENDED, "https://example.org/all") == notice_of(ENDED, "https://example.org/all")


def test_nobody_is_told_where_no_address_is_known() -> None:
    assert notice_of(ENDED) is None
