"""Connects each service with the stores and models that the settings choose."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bootstrap.readers import ROLES, chunk_reader_of, media_store
from app.bootstrap.services import Measuring, Services
from app.core.errors import BadSettings, MissingPart, WorkerFailed
from app.core.permissions import make_private
from app.core.ports import FrameSource, MediaStore, Runtime, VisionLanguageModel
from app.core.settings import RayPool, Settings
from app.db.collections import SqlCollections
from app.db.database import Database, sqlite_url
from app.db.entities import SqlEntities
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.db.replies import SqlReplies
from app.db.schedules import SqlSchedules
from app.db.speakers import SqlSpeakers
from app.db.stages import SqlStageStore
from app.db.tables import faces
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
from app.services.deletion import Deletion
from app.services.downloads import DownloadService
from app.services.entities import EntityService
from app.services.ingest import IngestParts, IngestService
from app.services.ingest.faces import LIKE, SAME_PERSON
from app.services.library import LibraryService
from app.services.moments import MomentService
from app.services.preload import WarmUp
from app.services.reindex import KIND as REINDEX
from app.services.reindex import Reindexer
from app.services.schedules import ScheduleService
from app.services.secrets import Seal
from app.services.selection import SelectionService
from app.services.speakers import SpeakerService
from app.services.subtitle_import import ImportService
from app.services.summarize import SummarizeService, SummaryParts
from app.services.summary_jobs import KIND as SUMMARY
from app.services.summary_jobs import SummaryJobs
from app.services.threads import ThreadService
from app.services.uploads import UploadService
from app.services.webhooks import WebhookService
from gpu_workers.cluster.remote import RemoteModel
from gpu_workers.cluster.states import PoolState
from gpu_workers.registry import Workers
from gpu_workers.weights import packaged

if TYPE_CHECKING:
    from agents.agent import VideoAgent
    from agents.checkpoints import Checkpoints
    from agents.parts import AgentParts
    from gpu_workers.cluster.ray import RayRuntime
    from retrieval.retriever import HybridRetriever

ANSWERING = (
    "text_embedder",
    "reranker",
    "frame_embedder",
    "language_model",
    "vision_language_model",
    "text_reader",
)
"""The models that a question may need, in the order of use."""
WRITE_ENGLISH = ("llamacpp", "none")
"""Language models that are too small for languages other than English."""


def build(settings: Settings) -> Services:
    """Wires the services with the stores and models that the settings choose. Raises BadSettings, WorkerFailed."""
    return _Wiring(settings).longreel()


def build_measuring(settings: Settings) -> Measuring:
    """Wires the services that only measuring needs. Raises BadSettings, WorkerFailed."""
    return _Wiring(settings).measuring()


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(data)
    except OSError as error:
        message = f"The library folder {data} cannot be created: {error.strerror}."
        raise BadSettings(message, "Set LONGREEL_DATA to a folder that you can write to.") from error


class _Wiring:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers = Workers(settings)
        self._workers.stand_in = self._played_by
        _make_folder(settings.data)
        url = settings.database_url.get_secret_value() if settings.database_url else None
        self._database = Database(url or sqlite_url(settings.data / "longreel.sqlite"))
        self._seal = Seal(settings.data / "secrets.key")
        self._database.migrate(self._seal.closed)
        self._received = settings.data / "uploads"
        self._max_bytes = int(settings.server.max_upload_gb * 1e9)
        self._library = SqlLibrary(self._database, self._received)
        self._speakers = SpeakerService(SqlSpeakers(self._database), self._library)
        self._people = SpeakerService(SqlSpeakers(self._database, faces), self._library, same=SAME_PERSON, like=LIKE)

    def longreel(self) -> Services:
        settings, jobs, ingest, library = self._settings, self._jobs, self._ingest, self._library_service
        batch_jobs = BatchJobs(self._batches, jobs, library, self._media)
        summary_jobs = SummaryJobs(self._summaries, jobs, library)
        uploads = UploadService(self._received, self._max_bytes, ingest, library, jobs)
        private = settings.ingest.private_addresses
        downloads = DownloadService(self._received, self._max_bytes, ingest, library, private=private)
        schedules = ScheduleService(SqlSchedules(self._database), library, ingest, batch_jobs)
        handlers: dict[str, Handler] = {
            "ingest": self._reindexer.after(downloads.handle),
            REINDEX: self._reindexer.handle,
            PART: batch_jobs.handle_part,
            WHOLE: batch_jobs.handle_whole,
            SUMMARY: summary_jobs.handle,
        }
        return Services(
            settings=settings,
            library=library,
            ingest=ingest,
            ask=self._ask,
            jobs=jobs,
            worker=self._worker(handlers),
            moments=MomentService(library, lambda: self._retriever, lambda: self._frames, self._speakers),
            summaries=self._summaries,
            batches=self._batches,
            batch_jobs=batch_jobs,
            summary_jobs=summary_jobs,
            webhooks=WebhookService(jobs, settings.server, self._seal),
            replies=SqlReplies(self._database),
            uploads=uploads,
            downloads=downloads,
            speakers=self._speakers,
            people=self._people,
            entities=EntityService(SqlEntities(self._database)),
            schedules=schedules,
            chores=Chores((schedules.tick, library.empty_bin, uploads.sweep, self._reindexer.look)),
            selection=SelectionService(ingest.features, library.media_path, lambda: self._frames, self._workers),
            workers=self._workers,
            reindexer=self._reindexer,
            readiness={
                "database": lambda: self._database.ping(),
                "index": lambda: self._retriever.ping(),
                "models": self._check_models,
            },
            pools=self._pools,
            warm_up=self._warm_up,
        )

    def _worker(self, handlers: Mapping[str, Handler]) -> Worker:
        jobs, server = self._settings.jobs, self._settings.server
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
        return WarmUp(self._answering_parts)

    def _check_models(self) -> None:
        """Raises MissingPart for missing weights, WorkerFailed while models are loading."""
        for part in packaged.status(self._settings):
            if part.needed and part.state == "missing":
                raise MissingPart(f"The model {part.name} is missing.", part.command)
        warmth = self._warm_up.now
        if warmth.state == "loading":
            raise WorkerFailed(f"{warmth.done} of {warmth.total} models are loaded.", "Wait a moment.")
        if warmth.problems:
            raise WorkerFailed(warmth.problems[0])

    @functools.cached_property
    def _jobs(self) -> JobStore:
        settings = self._settings
        return SqlJobStore(self._database, lease_s=settings.jobs.lease_s, webhook_url=settings.server.webhook_url)

    @functools.cached_property
    def _ingest(self) -> IngestService:
        return IngestService(self._ingest_parts, self._settings.ingest, self._jobs)

    @functools.cached_property
    def _library_service(self) -> LibraryService:
        return LibraryService(
            self._library,
            SqlCollections(self._database),
            self._media,
            lambda: self._retriever,
            self._received,
            self._max_bytes,
            self._settings.bin_days,
            deletion=self._deletion,
            frames=lambda: self._frames,
        )

    @functools.cached_property
    def _reindexer(self) -> Reindexer:
        return Reindexer(self._library, self._jobs, lambda: self._retriever, self._ingest.features)

    @functools.cached_property
    def _deletion(self) -> Deletion:
        return Deletion(
            self._library,
            self._jobs,
            SqlReplies(self._database),
            SqlThreads(self._database),
            self._media,
            lambda: self._retriever,
            self._received,
            (lambda: self._retriever.compact(), lambda: self._checkpoints.forget_all(), self._database.compact),
        )

    @functools.cached_property
    def _ask(self) -> AskService:
        return AskService(lambda: self._agent, self._library, self._threads)

    @functools.cached_property
    def _summaries(self) -> SummarizeService:
        return SummarizeService(lambda: self._summary_parts, self._library)

    @functools.cached_property
    def _batches(self) -> BatchService:
        return BatchService(
            self._ingest,
            self._library_service,
            self._summaries,
            self._ask,
            lambda: SqlStageStore(self._database),
            lambda: self._parts.probe,
            self._answering_models,
        )

    @functools.cached_property
    def _summary_parts(self) -> SummaryParts:
        get = self._workers.get
        translates = self._workers.name("language_model") not in WRITE_ENGLISH
        stages = SqlStageStore(self._database)
        return SummaryParts(get("text_embedder"), get("language_model"), stages, translates)

    @functools.cached_property
    def _eyes(self) -> VisionLanguageModel | None:
        from gpu_workers.selection.token_budget import looking

        return looking(self._settings, self._workers)

    @property
    def _separate_eyes(self) -> VisionLanguageModel | None:
        """The agent's vision model; None if the chat model itself is used, whether it can see or not."""
        served = self._workers.name("vision_language_model") == self._workers.name("language_model") == "openai"
        return None if served and not self._settings.vlm_url else self._eyes

    def _answering_parts(self) -> dict[str, Callable[[], object]]:
        """The parts that a question needs, each with its loader: first the models, then the rest."""
        models = {role.replace("_", " "): self._workers.get(role) for role in ANSWERING}
        loads = {name: model.warm_up for name, model in models.items() if hasattr(model, "warm_up")}
        return {**loads, "agent": lambda: self._agent}

    def _answering_models(self) -> str:
        get = self._workers.get
        models = [get("language_model"), self._eyes, get("text_embedder"), get("reranker")]
        return " ".join(model.model if model is not None else "none" for model in models)

    def measuring(self) -> Measuring:
        evaluation = EvaluationService(
            lambda: self._agent_parts,
            self._asking_in,
            self._library.videos,
            read=self._ingest.run,
            calibrate=calibration.load(),
        )
        return Measuring(evaluation, ImportService(self._ingest_parts, self._settings.ingest))

    def _asking_in(self, mode: Mode, shown: ModeMaterial) -> AskService:
        def agent() -> VideoAgent:
            from agents.agent import VideoAgent

            return VideoAgent(restricted(self._agent_parts, mode, shown))

        return AskService(functools.cache(agent), self._library, self._threads)

    @functools.cached_property
    def _threads(self) -> ThreadService:
        return ThreadService(SqlThreads(self._database), self._library)

    @functools.cached_property
    def _media(self) -> MediaStore:
        return media_store(self._settings)

    @functools.cached_property
    def _retriever(self) -> HybridRetriever:
        from retrieval.chroma_index import ChromaSegmentIndex
        from retrieval.fts_index import SqliteLexicalIndex
        from retrieval.retriever import HybridRetriever

        data, texts, pictures = (
            self._settings.data,
            self._workers.get("text_embedder"),
            self._workers.get("frame_embedder"),
        )
        embedders = {"text": texts.model, "picture": pictures.model}
        return HybridRetriever(
            texts,
            pictures,
            ChromaSegmentIndex(data / "chroma", self._settings.chroma_url, embedders=embedders),
            SqliteLexicalIndex(data / "lexical.sqlite"),
        )

    @functools.cached_property
    def _frames(self) -> FrameSource:
        from gpu_workers.media.video_frames import VideoFrames

        return VideoFrames()

    @functools.cached_property
    def _runtime(self) -> Runtime:
        from gpu_workers.cluster.local import LocalRuntime

        if self._settings.runtime == "ray":
            return self._ray
        return LocalRuntime(lambda: chunk_reader_of(self._settings, self._workers, self._media))

    @functools.cached_property
    def _ray(self) -> RayRuntime:
        from gpu_workers.cluster.ray import RayRuntime

        settings = self._settings

        def of_an_actor(pool: RayPool) -> tuple[Settings, RayPool]:
            return settings.model_copy(update={"threads": settings.threads or max(1, int(pool.cpus))}), pool

        return RayRuntime("app.bootstrap.readers:in_an_actor", of_an_actor, settings.ray, ROLES)

    def _played_by(self, role: str, model: Any) -> Any:
        """A stand-in for the model that uses the role's own pool of actors, if there is one."""
        away = self._settings.runtime == "ray" and role in self._settings.ray.pools
        return RemoteModel(role, model, self._ray.ask) if away else model

    def _pools(self) -> list[PoolState]:
        return self._ray.states() if self._settings.runtime == "ray" else []

    def _ingest_parts(self) -> IngestParts:
        return self._parts

    @functools.cached_property
    def _parts(self) -> IngestParts:
        from gpu_workers.media.audio import PyAVAudio
        from gpu_workers.media.probe import PyAVProbe
        from gpu_workers.media.subtitle_tracks import PyAVSubtitles

        get = self._workers.get
        return IngestParts(
            probe=PyAVProbe(),
            subtitles=PyAVSubtitles(),
            audio=PyAVAudio(),
            transcriber=get("transcriber"),
            frame_embedder=get("frame_embedder"),
            text_embedder=get("text_embedder"),
            selector=get("frame_selector"),
            text_reader=get("text_reader"),
            captioner=get("captioner"),
            language_model=get("language_model"),
            retriever=self._retriever,
            library=self._library,
            stages=SqlStageStore(self._database),
            media=self._media,
            runtime=self._runtime,
            release=lambda: self._workers.unload(
                "transcriber", "text_reader", "diarizer", "sound_tagger", "face_finder", "object_detector"
            ),
            diarizer=get("diarizer"),
            sound_tagger=get("sound_tagger"),
            speakers=self._speakers,
            shot_detector=get("shot_detector"),
            face_finder=get("face_finder"),
            detector=get("object_detector"),
            tracks=SqlTracks(self._database),
            people=self._people,
            entities=SqlEntities(self._database),
        )

    @functools.cached_property
    def _agent(self) -> VideoAgent:
        from agents.agent import VideoAgent

        return VideoAgent(self._agent_parts, calibration.load(), self._checkpoints)

    @functools.cached_property
    def _checkpoints(self) -> Checkpoints:
        from agents.checkpoints import Checkpoints

        url = self._settings.database_url
        return Checkpoints(url.get_secret_value() if url else self._settings.data / "runs.sqlite")

    @functools.cached_property
    def _agent_parts(self) -> AgentParts:
        from agents.parts import AgentParts
        from gpu_workers.media.audio import PyAVAudio
        from gpu_workers.media.video_frames import VideoFrames

        get = self._workers.get
        return AgentParts(
            retriever=self._retriever,
            library=self._library,
            settings=self._settings.agent,
            chat=get("language_model"),
            vision=self._separate_eyes,
            text_embedder=get("text_embedder"),
            reranker=get("reranker"),
            text_reader=get("text_reader"),
            frames=VideoFrames(),
            audio=PyAVAudio(),
            transcriber=get("transcriber"),
            features=self._ingest.features,
            frame_embedder=get("frame_embedder"),
            frame_selector=get("frame_selector"),
            query_frame_selector=get("query_frame_selector"),
            detector=get("object_detector"),
            tracks=SqlTracks(self._database),
            entities=SqlEntities(self._database),
        )
