"""The indexes follow the library: what they lost is found by comparison, and built again from its segments."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.errors import Cancelled, Damaged, NotFound
from app.core.events import Listener, StageFinished, StageProgress, StageStarted, Warned, ignore
from app.core.types import FrameFeatures, IndexComparison, Segment, SegmentKind, Video, VideoId
from app.db.library import SqlLibrary
from app.jobs.context import JobContext
from app.jobs.states import Job, JobState
from app.jobs.store import JobStore
from app.services.deletion import ALL_JOBS, is_about

logger = logging.getLogger(__name__)

KIND = "reindex"
STAGE = "index"


class SearchIndex(Protocol):
    """What can be compared with the library, and built again."""

    def videos(self) -> Collection[VideoId]:
        """The videos of which it holds something."""
        ...

    def remove(self, video: VideoId) -> None:
        """Forgets a video."""
        ...

    def compare(self, video: VideoId, segments: Sequence[Segment]) -> Sequence[IndexComparison]:
        """What each of its parts holds of a video, compared with these segments."""
        ...

    def rebuild(
        self, video: VideoId, segments: Sequence[Segment], concepts: Mapping[str, NDArray[np.float32]] | None
    ) -> None:
        """Indexes a video again; `concepts` are the vectors of its pictures by the ids of their segments.

        Without them its pictures stay as they are.
        """
        ...

    def set_damaged_aside(self) -> list[str]:
        """Sets damaged indexes aside and starts new ones; returns what was wrong."""
        ...

    def check(self) -> None:
        """Reads everything. Raises Damaged."""
        ...


class Reindexer:
    """Compares and rebuilds. A video that is being read is left alone: its segments and its index are in flux."""

    def __init__(
        self,
        library: SqlLibrary,
        jobs: JobStore,
        index: Callable[[], SearchIndex],
        features: Callable[[Video], Sequence[FrameFeatures]],
    ) -> None:
        """`features` are those that were stored when a video was read; it raises NotFound where they were not."""
        self._library = library
        self._jobs = jobs
        self._index = index
        self._features = features
        self._looked = False

    def look(self) -> None:
        """Once a process: queues a rebuild if an index is damaged or differs."""
        if self._looked:
            return
        self._looked = True
        if self.problems() or self.unknown() or self.differing():
            job = self._jobs.submit(KIND, {"title": "Search index"}, key=KIND)
            logger.warning("The index lacks something: job %s builds it again.", job.id, extra={"action": "reindex"})

    def problems(self) -> list[str]:
        """What is damaged."""
        try:
            self._index().check()
        except Damaged as error:
            return [error.message]
        return []

    def unknown(self) -> list[VideoId]:
        """Videos in the index that the library does not know, as after an older backup. Raises Damaged."""
        indexed = self._index().videos()  # first: what is indexed later was in the library before
        binned = [one.video for one in self._library.binned()]
        return sorted(set(indexed) - {video.id for video in (*self._library.videos(), *binned)})

    def differing(self) -> list[Video]:
        """The videos of which the indexes hold something else than the library. Raises Damaged."""
        running = self._jobs.list(JobState.RUNNING, ALL_JOBS)
        return [
            video
            for video in self._library.videos()
            if not any(is_about(job, video) for job in running) and self._differs(video)
        ]

    def compare(self) -> list[tuple[Video, Sequence[IndexComparison]]]:
        """What each index holds of each video, compared with the library. Raises Damaged."""
        library = self._library
        return [(video, self._index().compare(video.id, library.segments(video.id))) for video in library.videos()]

    def run(self, *, report: Listener = ignore, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Sets aside what is damaged and rebuilds what differs; how many videos, and what was damaged."""
        started = time.monotonic()
        problems = self._index().set_damaged_aside()
        for problem in problems:
            report(Warned(f"{problem} It was set aside."))
        for id in self.unknown():
            self._index().remove(id)
            report(Warned(f"The library does not know the video {id[:12]}: it was removed from the index."))
        videos = self.differing()
        report(StageStarted(STAGE, len(videos), "videos"))
        for done, video in enumerate(videos):
            if cancelled():
                raise Cancelled("Building the index was cancelled.", "Start it again to resume.")
            self._rebuild(video, report)
            report(StageProgress(STAGE, done + 1, len(videos), "videos"))
        report(
            StageFinished(STAGE, time.monotonic() - started, "1 video" if len(videos) == 1 else f"{len(videos)} videos")
        )
        return {"videos": len(videos), "damaged": problems}

    def handle(self, job: Job, context: JobContext) -> dict[str, Any]:  # noqa: ARG002
        """What a worker does."""
        return self.run(report=context.report, cancelled=context.cancelled)

    def repair(self, id: VideoId, report: Listener = ignore) -> None:
        """Rebuilds one video where its index differs. Raises NotFound, Damaged."""
        video = self._library.video(id)
        if self._differs(video):
            self._rebuild(video, report)

    def after(
        self, handle: Callable[[Job, JobContext], Mapping[str, Any]]
    ) -> Callable[[Job, JobContext], Mapping[str, Any]]:
        """A handler that reads a video, then looks at its index: a stage that was done before is not done again."""

        def handle_and_repair(job: Job, context: JobContext) -> Mapping[str, Any]:
            done = handle(job, context)
            self.repair(VideoId(done["video_id"]), context.report)
            return done

        return handle_and_repair

    def _differs(self, video: Video) -> bool:
        """Pictures that cannot be indexed again are no difference: to try would never end."""
        segments = self._library.segments(video.id)
        wrong = [one for one in self._index().compare(video.id, segments) if not one.matches]
        try:
            if wrong and all(one.of_pictures for one in wrong):
                self._concepts(video, segments)
        except NotFound:
            return False
        return bool(wrong)

    def _concepts(self, video: Video, segments: Sequence[Segment]) -> dict[str, NDArray[np.float32]]:
        """The vectors of its pictures by the ids of their segments. Raises NotFound unless all were stored."""
        pictures = [one for one in segments if one.kind is SegmentKind.VISUAL]
        stored = {one.pts_s: one.concept for one in self._features(video)} if pictures else {}
        found = {one.id: stored[one.frame_s] for one in pictures if one.frame_s in stored}
        if len(found) < len(pictures):
            raise NotFound("The pictures of this video were ingested with other settings.", "Ingest it again.")
        return found

    def _rebuild(self, video: Video, report: Listener) -> None:
        segments, concepts = self._library.segments(video.id), None
        try:
            concepts = self._concepts(video, segments)
        except NotFound as error:
            report(Warned(f"The pictures of {video.title} were not indexed again: {error}"))
        self._index().rebuild(video.id, segments, concepts)
