"""Deletes a video permanently from every store and file, so that no byte of it remains on the disk.

The order makes it safe to kill and repeat: the video's jobs are cancelled first, its row is removed last, and what a
store still holds of removed rows is overwritten at the end. The user's own files are left alone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from app.core.errors import NotFound, StorageFull
from app.core.ports import MediaStore, Retriever
from app.core.types import Video
from app.db.library import SqlLibrary
from app.db.rules import matching
from app.db.threads import ThreadStore
from app.jobs.states import ENDED, Job, JobState
from app.jobs.store import JobStore
from app.services.batch_jobs import PART, WHOLE, leave_out, results_folder

ALL_JOBS = 2**31 - 1
"""The largest limit that every store accepts."""


class Deletion:
    """Knows every place that stores data about videos, and removes one video from all of them."""

    def __init__(
        self,
        library: SqlLibrary,
        jobs: JobStore,
        threads: ThreadStore,
        media: MediaStore,
        retriever: Callable[[], Retriever],
        uploads: Path,
        overwrite: Sequence[Callable[[], None]] = (),
    ) -> None:
        """`overwrite`: calls that erase from the disk what was removed from a store."""
        self._library = library
        self._jobs = jobs
        self._media = media
        self._retriever = retriever
        self._uploads = uploads
        self._threads = threads
        self._overwrite = overwrite
        self._unfinished = False

    def cancel_jobs(self, video: Video) -> None:
        """Asks every job on the video to stop."""
        for job in self._jobs_about(video):
            if job.state not in ENDED and job.kind != WHOLE:
                self._jobs.cancel(job.id)

    def is_busy(self, video: Video) -> bool:
        """Whether a worker is still busy with the video, and would store more of it."""
        now = time.time()
        running = (job for job in self._jobs_about(video) if job.state is JobState.RUNNING)
        return any((job.lease_until or 0.0) >= now for job in running)

    def forget(self, video: Video) -> None:
        """Removes a video from every store. Remains of removed rows stay on the disk until `overwrite`."""
        self._unfinished = True
        try:
            self._retriever().remove(video.id)
        except StorageFull:  # on a full disk, deleting its files first makes the room that this needs
            self._remove_files(video)
            self._retriever().remove(video.id)
        self._remove_files(video)
        about = self._jobs_about(video)
        wholes = {job.parent for job in about if job.kind == PART and job.parent}
        for parent in wholes:
            parts = self._jobs.children(parent)
            lost = [job for job in about if job.parent == parent]
            if len(lost) == len(parts):
                about.append(self._jobs.get(parent))
                self._media.remove(results_folder(parent))
            else:
                leave_out(self._media, self._jobs, parent, lost)
        self._jobs.forget([job.id for job in about])
        self._threads.forget_video(video.id)
        with suppress(NotFound):  # another process was faster
            self._library.delete_video(video.id)

    def overwrite(self) -> None:
        """Overwrites the remains of deleted videos on the disk; does nothing if there are none."""
        if not self._unfinished:
            return
        for overwrite in self._overwrite:
            overwrite()
        self._unfinished = False

    def _remove_files(self, video: Video) -> None:
        self._media.remove(video.id)
        folder = Path(video.path).parent
        if self._uploads.resolve() == folder.parent:
            shutil.rmtree(folder, ignore_errors=True)

    def _jobs_about(self, video: Video) -> list[Job]:
        return [job for job in self._jobs.list(limit=ALL_JOBS) if is_about(job, video)]


def is_about(job: Job, video: Video) -> bool:
    """Whether a job ingests, summarizes or otherwise works on a video."""
    ids = [(job.result or {}).get("video_id"), *job.payload.get("videos", ())]
    if video.id in ids or (video.path and job.payload.get("path") == video.path):
        return True
    item = job.payload.get("item")
    return bool(item and matching(str(item["name"]), [video]))
