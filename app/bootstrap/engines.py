"""Opens the stores and names the models that the settings choose, and makes the parts that services are built from."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from app.bootstrap.readers import ROLES, chunk_reader_of, media_store
from app.core.errors import BadSettings
from app.core.permissions import make_private
from app.core.ports import FrameSource, MediaStore, Runtime, VisionLanguageModel
from app.core.settings import RayPool, Settings
from app.db.database import Database, sqlite_url
from app.db.entities import SqlEntities
from app.db.library import SqlLibrary
from app.db.speakers import SqlSpeakers
from app.db.stages import SqlStageStore
from app.db.tables import faces
from app.db.tracks import SqlTracks
from app.services.ingest import IngestParts
from app.services.ingest.stages.faces import LIKE, SAME_PERSON
from app.services.live_settings import LiveSettings
from app.services.secrets import Seal
from app.services.speakers import SpeakerService
from app.services.summarize import SummaryParts
from gpu_workers.cluster.remote import RemoteModel
from gpu_workers.cluster.states import PoolState
from gpu_workers.registry import Workers

if TYPE_CHECKING:
    from agents.checkpoints import Checkpoints
    from gpu_workers.cluster.ray import RayRuntime
    from retrieval.retriever import HybridRetriever

WRITE_ENGLISH = ("llamacpp", "none")
"""Language models that are too small for languages other than English."""


class Engines:
    """Stores, models, and parts made of them. Each is built when it is first needed; none loads a model by itself."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.live = LiveSettings(settings)
        self.workers = Workers(settings)
        self.workers.stand_in = self._played_by
        try:
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(settings.data)
        except OSError as error:
            message = f"The library folder {settings.data} cannot be created: {error.strerror}."
            raise BadSettings(message, "Set LONGREEL_DATA to a folder that you can write to.") from error
        url = settings.database_url.get_secret_value() if settings.database_url else None
        self.database = Database(url or sqlite_url(settings.data / "longreel.sqlite"))
        self.seal = Seal(settings.data / "secrets.key")
        self.database.migrate(self.seal.closed)
        self.received = settings.data / "uploads"
        self.library = SqlLibrary(self.database, self.received)
        self.speakers = SpeakerService(SqlSpeakers(self.database), self.library)
        self.people = SpeakerService(SqlSpeakers(self.database, faces), self.library, same=SAME_PERSON, like=LIKE)

    def max_bytes(self) -> int:
        """The size of the largest file that the server accepts now."""
        return int(self.live.now.server.max_upload_gb * 1e9)

    @functools.cached_property
    def media(self) -> MediaStore:
        """The files of the library: thumbnails and results."""
        return media_store(self.settings)

    @functools.cached_property
    def retriever(self) -> HybridRetriever:
        """Both indexes."""
        from retrieval.chroma_index import ChromaSegmentIndex
        from retrieval.fts_index import SqliteLexicalIndex
        from retrieval.retriever import HybridRetriever

        data = self.settings.data
        texts, pictures = self.workers.get("text_embedder"), self.workers.get("frame_embedder")
        embedders = {"text": texts.model, "picture": pictures.model}
        return HybridRetriever(
            texts,
            pictures,
            ChromaSegmentIndex(data / "chroma", self.settings.chroma_url, embedders=embedders),
            SqliteLexicalIndex(data / "lexical.sqlite"),
        )

    @functools.cached_property
    def frames(self) -> FrameSource:
        """Decodes pictures."""
        from gpu_workers.media.video_frames import VideoFrames

        return VideoFrames()

    @functools.cached_property
    def runtime(self) -> Runtime:
        """Where the chunks of videos are read."""
        from gpu_workers.cluster.local import LocalRuntime

        if self.settings.runtime == "ray":
            return self._ray
        return LocalRuntime(lambda: chunk_reader_of(self.settings, self.workers, self.media))

    @functools.cached_property
    def _ray(self) -> RayRuntime:
        from gpu_workers.cluster.ray import RayRuntime

        settings = self.settings

        def of_an_actor(pool: RayPool) -> tuple[Settings, RayPool]:
            return settings.model_copy(update={"threads": settings.threads or max(1, int(pool.cpus))}), pool

        return RayRuntime("app.bootstrap.readers:in_an_actor", of_an_actor, settings.ray, ROLES)

    def _played_by(self, role: str, model: Any) -> Any:
        """A stand-in for the model that uses the role's own pool of actors, if there is one."""
        away = self.settings.runtime == "ray" and role in self.settings.ray.pools
        return RemoteModel(role, model, self._ray.ask) if away else model

    def pools(self) -> list[PoolState]:
        """The actors of the cluster, if there is one."""
        return self._ray.states() if self.settings.runtime == "ray" else []

    @functools.cached_property
    def ingest_parts(self) -> IngestParts:
        """What ingest needs."""
        from gpu_workers.media.audio import PyAVAudio
        from gpu_workers.media.probe import PyAVProbe
        from gpu_workers.media.subtitle_tracks import PyAVSubtitles

        get = self.workers.get
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
            retriever=self.retriever,
            library=self.library,
            stages=SqlStageStore(self.database),
            media=self.media,
            runtime=self.runtime,
            release=lambda: self.workers.unload(
                "transcriber", "text_reader", "diarizer", "sound_tagger", "face_finder", "object_detector"
            ),
            diarizer=get("diarizer"),
            sound_tagger=get("sound_tagger"),
            speakers=self.speakers,
            shot_detector=get("shot_detector"),
            face_finder=get("face_finder"),
            detector=get("object_detector"),
            tracks=SqlTracks(self.database),
            people=self.people,
            entities=SqlEntities(self.database),
        )

    @functools.cached_property
    def eyes(self) -> VisionLanguageModel | None:
        """The model that looks at pictures."""
        from gpu_workers.selection.token_budget import looking

        return looking(self.settings, self.workers)

    @property
    def separate_eyes(self) -> VisionLanguageModel | None:
        """The agent's vision model; None if the chat model itself is used, whether it can see or not."""
        served = self.workers.name("vision_language_model") == self.workers.name("language_model") == "openai"
        return None if served and not self.settings.vlm_url else self.eyes

    @functools.cached_property
    def checkpoints(self) -> Checkpoints:
        """The saved states of answers under way."""
        from agents.checkpoints import Checkpoints

        url = self.settings.database_url
        return Checkpoints(url.get_secret_value() if url else self.settings.data / "runs.sqlite")

    def answering_models(self) -> list[str]:
        """The names of the models behind an answer, the one that writes it first."""
        get = self.workers.get
        models = [get("language_model"), self.eyes, get("text_embedder"), get("reranker")]
        return [model.model if model is not None else "none" for model in models]

    @functools.cached_property
    def summary_parts(self) -> SummaryParts:
        """What summaries need."""
        get = self.workers.get
        translates = self.workers.name("language_model") not in WRITE_ENGLISH
        stages = SqlStageStore(self.database)
        return SummaryParts(get("text_embedder"), get("language_model"), stages, translates)
