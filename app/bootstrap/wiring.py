"""Connects each service with the stores and models that the settings choose."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.bootstrap.engines import Engines
from app.bootstrap.services import Measuring, Services
from app.core.errors import MissingPart, WorkerFailed
from app.core.settings import Settings
from app.db.collections import SqlCollections
from app.db.corrections import SqlCorrections
from app.db.entities import SqlEntities
from app.db.jobs import SqlJobStore
from app.db.schedules import SqlSchedules
from app.db.stages import SqlStageStore
from app.db.threads import SqlThreads
from app.db.tracks import SqlTracks
from app.evaluation.modes.material import ModeMaterial
from app.evaluation.modes.mode import Mode
from app.evaluation.modes.views import restricted
from app.evaluation.run.service import EvaluationService
from app.jobs.chores import Chores
from app.jobs.retry import RetryPolicy
from app.jobs.store import JobStore
from app.jobs.worker import Handler, Worker
from app.services import calibration
from app.services.ask import AskService
from app.services.batch_jobs import PART, WHOLE, BatchJobs
from app.services.batches import BatchService
from app.services.corrections import CorrectionService
from app.services.deletion import Deletion
from app.services.downloads import DownloadService
from app.services.entities import EntityService
from app.services.hearing import HearingService
from app.services.ingest import IngestService
from app.services.library import LibraryService
from app.services.moments import MomentService
from app.services.picture_search import PictureSearch
from app.services.preload import WarmUp
from app.services.reindex import KIND as REINDEX
from app.services.reindex import Reindexer
from app.services.schedules import ScheduleService
from app.services.selection import SelectionService
from app.services.subtitle_import import ImportService
from app.services.summarize import SummarizeService
from app.services.summary_jobs import KIND as SUMMARY
from app.services.summary_jobs import SummaryJobs
from app.services.threads import ThreadService
from app.services.uploads import UploadService
from app.services.webhooks import WebhookService
from gpu_workers.weights import packaged

if TYPE_CHECKING:
    from agents.agent import VideoAgent
    from agents.parts import AgentParts

ANSWERING = (
    "text_embedder",
    "reranker",
    "frame_embedder",
    "language_model",
    "vision_language_model",
    "text_reader",
)
"""The models that a question may need, in the order of use."""


def build(settings: Settings) -> Services:
    """Wires the services with the stores and models that the settings choose. Raises BadSettings, WorkerFailed."""
    return _Wiring(settings).longreel()


def build_measuring(settings: Settings) -> Measuring:
    """Wires the services that only measuring needs. Raises BadSettings, WorkerFailed."""
    return _Wiring(settings).measuring()


class _Wiring(Engines):
    def longreel(self) -> Services:
        settings, jobs, ingest, library = self.settings, self._jobs, self._ingest, self._library_service
        batch_jobs = BatchJobs(self._batches, jobs, library, self.media)
        summary_jobs = SummaryJobs(self._summaries, jobs, library)
        uploads = UploadService(self.received, self.max_bytes, ingest, library, jobs)
        private = settings.ingest.private_addresses
        downloads = DownloadService(self.received, self.max_bytes, ingest, library, private=private)
        schedules = ScheduleService(SqlSchedules(self.database), library, ingest, batch_jobs)
        handlers: dict[str, Handler] = {
            "ingest": self._reindexer.after(downloads.handle),
            REINDEX: self._reindexer.handle,
            PART: batch_jobs.handle_part,
            WHOLE: batch_jobs.handle_whole,
            SUMMARY: summary_jobs.handle,
        }
        return Services(
            live=self.live,
            library=library,
            ingest=ingest,
            ask=self._ask,
            jobs=jobs,
            worker=self._worker(handlers),
            moments=MomentService(library, lambda: self.retriever, lambda: self.frames, self.speakers),
            hearing=HearingService(
                lambda: self.ingest_parts.audio, lambda: self.ingest_parts.transcriber, chunk_s=settings.ingest.chunk_s
            ),
            corrections=CorrectionService(self.library, SqlCorrections(self.database), lambda: self.retriever),
            summaries=self._summaries,
            batches=self._batches,
            batch_jobs=batch_jobs,
            summary_jobs=summary_jobs,
            webhooks=WebhookService(jobs, settings.server, self.seal),
            uploads=uploads,
            downloads=downloads,
            speakers=self.speakers,
            people=self.people,
            entities=EntityService(SqlEntities(self.database)),
            schedules=schedules,
            chores=Chores((schedules.tick, library.empty_bin, uploads.sweep, self._reindexer.look)),
            pictures=PictureSearch(
                self.library,
                ingest.features,
                library.media_path,
                lambda: self.frames,
                lambda: self.workers.get("frame_embedder"),
            ),
            selection=SelectionService(ingest.features, library.media_path, lambda: self.frames, self.workers),
            workers=self.workers,
            reindexer=self._reindexer,
            readiness={
                "database": lambda: self.database.ping(),
                "index": lambda: self.retriever.ping(),
                "models": self._check_models,
            },
            pools=self.pools,
            warm_up=self._warm_up,
        )

    def _worker(self, handlers: Mapping[str, Handler]) -> Worker:
        jobs, server = self.settings.jobs, self.settings.server
        return Worker(
            self._jobs,
            handlers,
            policy=RetryPolicy(max_attempts=jobs.max_attempts),
            threads=max(1, server.workers),
            poll_s=jobs.poll_s,
            heartbeat_s=jobs.heartbeat_s,
        )

    @functools.cached_property
    def _warm_up(self) -> WarmUp:
        def answering_parts() -> dict[str, Callable[[], object]]:
            """The parts that a question needs, each with its loader: first the models, then the rest."""
            models = {role.replace("_", " "): self.workers.get(role) for role in ANSWERING}
            loads = {name: model.warm_up for name, model in models.items() if hasattr(model, "warm_up")}
            return {**loads, "agent": lambda: self._agent}

        return WarmUp(answering_parts)

    def _check_models(self) -> None:
        """Raises MissingPart for missing weights, WorkerFailed while models are loading."""
        for part in packaged.status(self.settings):
            if part.needed and part.state == "missing":
                raise MissingPart(f"The model {part.name} is missing.", part.command)
        warmth = self._warm_up.now
        if warmth.state == "loading":
            raise WorkerFailed(f"{warmth.done} of {warmth.total} models are loaded.", "Wait a moment.")
        if warmth.problems:
            raise WorkerFailed(warmth.problems[0])

    @functools.cached_property
    def _jobs(self) -> JobStore:
        settings = self.settings
        return SqlJobStore(self.database, lease_s=settings.jobs.lease_s, webhook_url=settings.server.webhook_url)

    @functools.cached_property
    def _ingest(self) -> IngestService:
        return IngestService(lambda: self.ingest_parts, lambda: self.live.now.ingest, self._jobs)

    @functools.cached_property
    def _library_service(self) -> LibraryService:
        deletion = Deletion(
            self.library,
            self._jobs,
            SqlThreads(self.database),
            self.media,
            lambda: self.retriever,
            self.received,
            (lambda: self.retriever.compact(), lambda: self.checkpoints.forget_all(), self.database.compact),
        )
        return LibraryService(
            self.library,
            SqlCollections(self.database),
            self.media,
            lambda: self.retriever,
            self.received,
            self.max_bytes,
            lambda: self.live.now.bin_days,
            deletion=deletion,
            frames=lambda: self.frames,
            tracks=SqlTracks(self.database),
        )

    @functools.cached_property
    def _reindexer(self) -> Reindexer:
        return Reindexer(self.library, self._jobs, lambda: self.retriever, self._ingest.features)

    @functools.cached_property
    def _ask(self) -> AskService:
        return AskService(lambda: self._agent, self.library, self._threads, lambda: self.live.now.agent)

    @functools.cached_property
    def _summaries(self) -> SummarizeService:
        return SummarizeService(lambda: self.summary_parts, self.library)

    @functools.cached_property
    def _batches(self) -> BatchService:
        return BatchService(
            self._ingest,
            self._library_service,
            self._summaries,
            self._ask,
            lambda: SqlStageStore(self.database),
            lambda: self.ingest_parts.probe,
            self.answering_models,
            self.settings.server.public_url,
        )

    def measuring(self) -> Measuring:
        evaluation = EvaluationService(
            lambda: self._agent_parts,
            self._asking_in,
            self.library.videos,
            read=self._ingest.run,
            calibrate=calibration.load(),
        )
        return Measuring(evaluation, ImportService(lambda: self.ingest_parts, self.settings.ingest))

    def _asking_in(self, mode: Mode, shown: ModeMaterial) -> AskService:
        def agent() -> VideoAgent:
            from agents.agent import VideoAgent

            return VideoAgent(restricted(self._agent_parts, mode, shown))

        return AskService(functools.cache(agent), self.library, self._threads)

    @functools.cached_property
    def _threads(self) -> ThreadService:
        return ThreadService(SqlThreads(self.database), self.library)

    @functools.cached_property
    def _agent(self) -> VideoAgent:
        from agents.agent import VideoAgent

        return VideoAgent(self._agent_parts, calibration.load(), self.checkpoints)

    @functools.cached_property
    def _agent_parts(self) -> AgentParts:
        from agents.parts import AgentParts
        from app.services.close_tracks import CloseTracks
        from gpu_workers.media.audio import PyAVAudio
        from gpu_workers.media.video_frames import VideoFrames

        get = self.workers.get
        frames, detector = VideoFrames(), get("object_detector")
        return AgentParts(
            retriever=self.retriever,
            library=self.library,
            settings=self.settings.agent,
            chat=get("language_model"),
            vision=self.separate_eyes,
            text_embedder=get("text_embedder"),
            reranker=get("reranker"),
            text_reader=get("text_reader"),
            frames=frames,
            audio=PyAVAudio(),
            transcriber=get("transcriber"),
            features=self._ingest.features,
            frame_embedder=get("frame_embedder"),
            frame_selector=get("frame_selector"),
            query_frame_selector=get("query_frame_selector"),
            detector=detector,
            follow=CloseTracks(detector, frames).follow if detector else None,
            tracks=SqlTracks(self.database),
            entities=SqlEntities(self.database),
        )
