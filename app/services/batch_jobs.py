"""A batch as a job with one child per video. The children run first; the job itself writes overview and archive.

Files are stored in the media store below `batches/<job>/`, so workers on several machines share them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import PureWindowsPath
from typing import Any

from app.core.errors import Cancelled, NotFound
from app.core.ports import MediaStore
from app.core.requests import SummaryRequest
from app.core.types import VideoId, from_json, to_json
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.jobs.store import JobStore
from app.services.batches import BatchRequest, BatchService, Item, check
from app.services.exports.html_page import plain_page
from app.services.exports.overview import Entry, Failure, overview_record, overview_text
from app.services.library import LibraryService
from app.services.summarize import CollectionSummary

WHOLE, PART = "batch", "batch_video"
ARCHIVE = "results.zip"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in an archive, so that the same results give the same bytes."""


class BatchJobs:
    """Queues batches, runs their parts, and stores their results."""

    def __init__(self, batches: BatchService, jobs: JobStore, library: LibraryService, media: MediaStore) -> None:
        self._batches = batches
        self._jobs = jobs
        self._library = library
        self._media = media

    def submit(
        self,
        request: BatchRequest,
        *,
        key: str | None = None,
        webhook: Mapping[str, str] | None = None,
        request_key: str | None = None,
    ) -> Job:
        """Queues a batch; if the same one is already queued or running, returns that one. Raises BadInput.

        `webhook` (url and secret) is notified of its end; the same batch with another webhook is another batch.
        """
        check(request)
        common = {"questions": list(request.questions), "wanted": to_json(request.wanted)}
        common["formats"] = list(request.formats)
        parts = []
        for item in request.items:
            title = item.title or PureWindowsPath(item.name).name or item.name
            parts.append((PART, {"title": title, "item": asdict(item), **common}))
        payload = {"title": f"{len(parts)} videos", **common}
        key = key or request.key()
        if webhook is not None:
            payload["webhook"], key = dict(webhook), f"{key} {webhook['url']}"
        return self._jobs.submit(WHOLE, payload, key=key, request_key=request_key, children=parts)

    def handle_part(self, job: Job, context: JobContext) -> dict[str, Any]:
        """Runs one video of a batch in a worker."""
        payload = job.payload
        item = from_json(Item, payload["item"])
        request = _request(payload, (item,))
        done = self._batches.one(item, request, report=context.report, cancelled=context.cancelled)
        names = {}
        for format, (name, content) in done.files(request.formats).items():
            self._media.put(_key(job.parent or job.id, name), content)
            names[format] = name
        return {
            "video_id": done.video.id,
            "title": done.video.title,
            "duration_s": done.video.duration_s,
            "files": names,
            "answers": dict(done.entry(names).answers),
        }

    def handle_whole(self, job: Job, context: JobContext) -> dict[str, Any]:
        """Runs in a worker when all parts have ended: writes the overview, and everything into one archive."""
        entries, failures = results(self._jobs.children(job.id))
        request = _request(job.payload, ())
        by_id = {video.id: video for video in self._library.videos()}  # without those deleted since
        videos = [by_id[id] for id in dict.fromkeys(entry.video_id for entry in entries) if id in by_id]
        overview = self._batches.overview(videos, request, cancelled=context.cancelled)
        overview_by_name = overview_files(overview, entries, failures, request.formats)

        def read(name: str) -> bytes:
            if context.cancelled():
                raise Cancelled("The batch was cancelled.", "Retry it to continue where it stopped.")
            return overview_by_name[name] if name in overview_by_name else self._media.get(_key(job.id, name))

        names = sorted({*overview_by_name, *(name for entry in entries for name in entry.files.values())})
        self._media.put(_key(job.id, ARCHIVE), archive(names, read))
        return {"videos": len(entries), "failed": len(failures), "files": names}

    def results(self, job: Job) -> bytes:
        """The archive of a finished batch. Raises NotFound before."""
        if job.state is not JobState.FINISHED:
            raise NotFound(f"This batch is {job.state}: it has no results yet.", "Wait until it has finished.")
        return self._media.get(_key(job.id, ARCHIVE))


def results_folder(job_id: str) -> str:
    """The media store's folder for the files of a batch."""
    return f"batches/{job_id}"


def leave_out(media: MediaStore, jobs: JobStore, batch: str, lost: Sequence[Job]) -> None:
    """Removes parts whose videos were deleted from the results of a batch.

    The overview was written from all of them, so the list of the remaining videos replaces it.
    """
    gone = {job.id for job in lost}
    entries, failures = results([job for job in jobs.children(batch) if job.id not in gone])
    remaining = {name for entry in entries for name in entry.files.values()}
    whole = jobs.get(batch)
    for name in {*(name for job in lost for name in (job.result or {}).get("files", {}).values())} - remaining:
        media.remove(_key(batch, name))
    if whole.state is not JobState.FINISHED:
        return
    overview = overview_files(None, entries, failures, whole.payload["formats"])
    names = sorted({*overview, *remaining})

    def read(name: str) -> bytes:
        return overview[name] if name in overview else media.get(_key(batch, name))

    media.put(_key(batch, ARCHIVE), archive(names, read))
    jobs.correct(batch, {"videos": len(entries), "failed": len(failures), "files": names})


def results(children: Sequence[Job]) -> tuple[list[Entry], list[Failure]]:
    """The results and failures of a batch's parts."""
    entries: dict[str, Entry] = {}
    failures: list[Failure] = []
    for child in children:
        title = str(child.payload["title"])
        if child.state is JobState.FINISHED and child.result:
            result = child.result
            id = VideoId(result["video_id"])
            answers = result.get("answers", {})
            entries[id] = Entry(id, result["title"], result["duration_s"], result["files"], answers)
        elif child.state is JobState.CANCELLED:
            failures.append(Failure(title, Cancelled.code, "It was cancelled."))
        elif child.error is not None:
            failures.append(Failure(title, child.error.code, child.error.message, child.error.hint))
    return list(entries.values()), failures


def overview_files(
    overview: CollectionSummary | None,
    entries: Sequence[Entry],
    failures: Sequence[Failure],
    formats: Sequence[str],
) -> dict[str, bytes]:
    """The overview files by name: Markdown, and HTML and JSON if requested. None: no video succeeded."""
    text = overview_text(overview, entries, failures, date.today())
    files = {"overview.md": text.encode("utf-8", "replace")}
    if "html" in formats:
        files["overview.html"] = plain_page("Overview", text).encode("utf-8", "replace")
    if "json" in formats:
        record = json.dumps(overview_record(overview, entries, failures), ensure_ascii=False, indent=2)
        files["overview.json"] = f"{record}\n".encode("utf-8", "replace")
    return files


def archive(names: Sequence[str], read: Callable[[str], bytes]) -> bytes:
    """A ZIP archive of the named files, read one after the other; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, read(name), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _request(payload: Mapping[str, Any], items: tuple[Item, ...]) -> BatchRequest:
    summary = from_json(SummaryRequest, payload["wanted"])
    return BatchRequest(items, tuple(payload["questions"]), summary, tuple(payload["formats"]))


def _key(job_id: str, name: str) -> str:
    return f"{results_folder(job_id)}/{name}"
