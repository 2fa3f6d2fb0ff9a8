"""A batch as a job with a child for each video. The children run first; the job itself makes overview and archive.

Files lie in the media store below `batches/<job>/`, so that workers on several machines share them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.core.errors import Cancelled, NotFound
from app.core.ports import MediaStore
from app.core.types import Video, VideoId, from_json, to_json
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.jobs.store import JobStore
from app.services.batches import BatchRequest, BatchService, Item, check
from app.services.exports.html_page import plain_page
from app.services.exports.overview import Entry, Failure, overview_record, overview_text
from app.services.library import LibraryService
from app.services.summarize import CollectionSummary, SummaryRequest

WHOLE, PART = "batch", "batch_video"
ARCHIVE = "results.zip"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in an archive, so that the same results are the same bytes."""


class BatchJobs:
    """Queues batches, works on their parts, keeps their results."""

    def __init__(self, batches: BatchService, jobs: JobStore, library: LibraryService, media: MediaStore) -> None:
        self._batches = batches
        self._jobs = jobs
        self._library = library
        self._media = media

    def submit(self, request: BatchRequest, *, key: str | None = None, webhook: Mapping[str, str] | None = None) -> Job:
        """Queues a batch; while the same one is queued or running, that one is returned. Raises BadInput.

        `webhook` (url and secret) hears of its end; the same batch with another one is another batch.
        """
        check(request)
        common = {"questions": list(request.questions), "wanted": to_json(request.wanted)}
        common["formats"] = list(request.formats)
        parts = [
            (PART, {"title": item.title or _shown(item.name), "item": asdict(item), **common}) for item in request.items
        ]
        payload = {"title": f"{len(parts)} videos", **common}
        key = key or request.key()
        if webhook is not None:
            payload["webhook"], key = dict(webhook), f"{key} {webhook['url']}"
        return self._jobs.submit(WHOLE, payload, key=key, children=parts)

    def handle_part(self, job: Job, context: JobContext) -> dict[str, Any]:
        """What a worker does with one video of a batch."""
        given = job.payload
        item = from_json(Item, given["item"])
        request = _request(given, (item,))
        done = self._batches.one(item, request, tell=context.tell, cancelled=context.cancelled)
        names = {}
        for format, (name, content) in done.files(request.formats).items():
            self._media.put(_key(job.parent or job.id, name), content)
            names[format] = name
        return {
            "video_id": done.video.id,
            "title": done.video.title,
            "duration_s": done.video.duration_s,
            "files": names,
        }

    def handle_whole(self, job: Job, context: JobContext) -> dict[str, Any]:
        """What a worker does when all parts have ended: the overview, and everything in one archive."""
        entries, failures = results(self._jobs.children(job.id))
        request = _request(job.payload, ())
        videos = self._there(entries)
        overview = self._batches.overview(videos, request, cancelled=context.cancelled)
        made = overview_files(overview, entries, failures, request.formats)

        def read(name: str) -> bytes:
            if context.cancelled():
                raise Cancelled("The batch was cancelled.", "Try it again to go on where it stopped.")
            return made[name] if name in made else self._media.get(_key(job.id, name))

        names = sorted({*made, *(name for entry in entries for name in entry.files.values())})
        self._media.put(_key(job.id, ARCHIVE), archive(names, read))
        return {"videos": len(entries), "failed": len(failures), "files": names}

    def results(self, job: Job) -> bytes:
        """The archive of a finished batch. Raises NotFound before."""
        if job.state is not JobState.FINISHED:
            raise NotFound(f"This batch is {job.state}: it has no results yet.", "Wait until it has finished.")
        return self._media.get(_key(job.id, ARCHIVE))

    def _there(self, entries: Sequence[Entry]) -> list[Video]:
        """The videos that were not deleted meanwhile, each once."""
        there = {video.id: video for video in self._library.videos()}
        return [there[id] for id in dict.fromkeys(entry.video_id for entry in entries) if id in there]


def results_folder(job_id: str) -> str:
    """The keys below which the media store has the files of a batch."""
    return f"batches/{job_id}"


def leave_out(media: MediaStore, jobs: JobStore, batch: str, lost: Sequence[Job]) -> None:
    """Takes parts out of the results of a batch whose videos were deleted.

    The overview was written from all of them: in its place comes the list of those that are left.
    """
    gone = {job.id for job in lost}
    entries, failures = results([job for job in jobs.children(batch) if job.id not in gone])
    kept = {name for entry in entries for name in entry.files.values()}
    whole = jobs.get(batch)
    for name in {*(name for job in lost for name in (job.result or {}).get("files", {}).values())} - kept:
        media.remove(_key(batch, name))
    if whole.state is not JobState.FINISHED:
        return
    made = overview_files(None, entries, failures, whole.payload["formats"])
    names = sorted({*made, *kept})

    def read(name: str) -> bytes:
        return made[name] if name in made else media.get(_key(batch, name))

    media.put(_key(batch, ARCHIVE), archive(names, read))
    jobs.correct(batch, {"videos": len(entries), "failed": len(failures), "files": names})


def results(children: Sequence[Job]) -> tuple[list[Entry], list[Failure]]:
    """What the parts of a batch came to."""
    entries: dict[str, Entry] = {}
    failures: list[Failure] = []
    for child in children:
        title = str(child.payload["title"])
        if child.state is JobState.FINISHED and child.result:
            made = child.result
            id = VideoId(made["video_id"])
            entries[id] = Entry(id, made["title"], made["duration_s"], made["files"])
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
    """The overview as Markdown, and as HTML and JSON where these are wanted, by name. None: no video was done."""
    text = overview_text(overview, entries, failures)
    files = {"overview.md": text.encode("utf-8", "replace")}
    if "html" in formats:
        files["overview.html"] = plain_page("Overview", text).encode("utf-8", "replace")
    if "json" in formats:
        record = json.dumps(overview_record(overview, entries, failures), ensure_ascii=False, indent=2)
        files["overview.json"] = f"{record}\n".encode("utf-8", "replace")
    return files


def archive(names: Sequence[str], read: Callable[[str], bytes]) -> bytes:
    """A ZIP archive of what is read by these names, one after the other; the same files give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _request(payload: Mapping[str, Any], items: tuple[Item, ...]) -> BatchRequest:
    wanted = from_json(SummaryRequest, payload["wanted"])
    return BatchRequest(items, tuple(payload["questions"]), wanted, tuple(payload["formats"]))


def _key(job_id: str, name: str) -> str:
    return f"{results_folder(job_id)}/{name}"


def _shown(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name
