"""Summaries of several videos as jobs. Each unit is stored, so a stopped job continues where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.requests import SummaryRequest
from app.core.types import Video, from_json, to_json
from app.jobs.context import JobContext
from app.jobs.states import Job
from app.jobs.store import JobStore
from app.services.library import LibraryService
from app.services.summarize import SummarizeService

KIND = "summary"


class SummaryJobs:
    """Queues and runs summaries of several videos. `SummarizeService.together` returns the results."""

    def __init__(self, summaries: SummarizeService, jobs: JobStore, library: LibraryService) -> None:
        self._summaries = summaries
        self._jobs = jobs
        self._library = library

    def submit(
        self,
        videos: Sequence[Video],
        request: SummaryRequest,
        *,
        title: str,
        webhook: Mapping[str, str] | None = None,
        request_key: str | None = None,
    ) -> Job:
        """Queues a summary; if the same one is already queued or running, returns that one.

        `title` is for display; `webhook` (url and secret) is notified of its end.
        """
        payload = {"videos": [video.id for video in videos], "wanted": to_json(request)}
        notify = {"webhook": dict(webhook)} if webhook else {}
        key = hashlib.sha256(json.dumps({**payload, "to": notify and notify["webhook"]["url"]}).encode()).hexdigest()[
            :32
        ]
        return self._jobs.submit(KIND, {"title": title, **payload, **notify}, key=key, request_key=request_key)

    def handle(self, job: Job, context: JobContext) -> dict[str, Any]:
        """Runs the job in a worker. Videos deleted in the meantime are left out."""
        there = {video.id: video for video in self._library.videos()}
        videos = [there[id] for id in job.payload["videos"] if id in there]
        request = from_json(SummaryRequest, job.payload["wanted"])
        summary = self._summaries.together(videos, request, report=context.report, cancelled=context.cancelled)
        return {"videos": len(summary.videos), "sentences": len(summary.points), "model": summary.model}
