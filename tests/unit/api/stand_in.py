"""A whole Longreel without models: real library service, real jobs and worker, a scripted reader and agent.

The reader "reads" any non-empty file; what it finds is fixed. The agent is in `stand_in_agent.py`.
"""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from app.bootstrap import Services
from app.core.errors import BadInput, Cancelled
from app.core.events import (
    StageProgress,
    StageStarted,
)
from app.core.requests import IngestRequest
from app.core.settings import Models, Settings
from app.core.types import (
    AudioMap,
    AudioStream,
    Chapter,
    Citation,
    Digest,
    FrameFeatures,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
    Voice,
    Word,
)
from app.db.collections import SqlCollections
from app.db.corrections import SqlCorrections
from app.db.database import MemoryDatabase
from app.db.entities import SqlEntities
from app.db.jobs import SqlJobStore
from app.db.library import SqlLibrary
from app.db.schedules import SqlSchedules
from app.db.speakers import SqlSpeakers
from app.db.stages import SqlStageStore
from app.db.tables import faces
from app.db.threads import SqlThreads
from app.db.tracks import SqlTracks
from app.jobs.chores import Chores
from app.jobs.context import JobContext
from app.jobs.retry import RetryPolicy
from app.jobs.states import Job
from app.jobs.worker import Worker
from app.services.ask import AskService
from app.services.batch_jobs import PART, WHOLE, BatchJobs
from app.services.batches import BatchService
from app.services.corrections import CorrectionService
from app.services.deletion import Deletion
from app.services.downloads import DownloadService
from app.services.entities import EntityService
from app.services.hearing import HearingService
from app.services.ingest import IngestService
from app.services.ingest.calls import thumbnail_key
from app.services.library import LibraryService
from app.services.live_settings import LiveSettings
from app.services.moments import MomentService
from app.services.picture_search import PictureSearch
from app.services.schedules import ScheduleService
from app.services.secrets import Seal
from app.services.selection import SelectionService
from app.services.speakers import SpeakerService
from app.services.summarize import SummarizeService, SummaryParts
from app.services.summary_jobs import KIND, SummaryJobs
from app.services.threads import ThreadService
from app.services.uploads import UploadService
from app.services.webhooks import WebhookService
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.fakes import FakeAudio, FakeFrames, FakeProbe
from gpu_workers.media.store import FolderMediaStore
from gpu_workers.registry import Workers
from gpu_workers.speech.fakes import FakeTranscriber
from gpu_workers.vision.fakes import FakeFrameEmbedder
from retrieval.fakes import MemoryRetriever
from tests.unit.api.stand_in_agent import DURATION_S, SAID, Agent


@dataclass
class Reader:
    """Plays IngestService: its handler adds a video with fixed contents."""

    jobs: SqlJobStore
    library: SqlLibrary
    media: FolderMediaStore
    retriever: MemoryRetriever
    hold: threading.Event = field(default_factory=threading.Event)
    """Reading waits at half of its way until this is set."""

    def submit(self, request: IngestRequest, *, webhook: Mapping[str, str] | None = None, **keys: str | None) -> Job:
        return self.jobs.submit("ingest", {**request.to_payload(), "webhook": webhook}, **keys)

    def handle(self, job: Job, context: JobContext) -> Mapping[str, Any]:
        path = Path(job.payload["path"])
        data = path.read_bytes()
        if not data.strip():
            raise BadInput("The file is empty.", "Give a video.")
        context.report(StageStarted("transcribe", DURATION_S, "s"))
        context.report(StageProgress("transcribe", DURATION_S / 2, DURATION_S, "s", speed=12.0, left_s=1.0))
        while not self.hold.wait(0.05):
            if context.cancelled():
                raise Cancelled("Cancelled.")
        video = a_video(data, job.payload["title"] or job.payload.get("name") or path.stem, path)
        source = job.payload.get("source", "")
        self.fill(replace(video, tags=tuple(job.payload.get("tags", ())), source=source))
        return {"video_id": video.id, "title": video.title}

    def run(self, request: IngestRequest, **_: Any) -> Video:
        data = request.path.read_bytes()
        if not data.strip():
            raise BadInput("The file is empty.", "Give a video.")
        video = a_video(data, request.title or request.path.stem, request.path)
        self.fill(replace(video, tags=request.tags, source=request.source))
        return self.library.video(video.id)

    def sound(self, video: Video) -> AudioMap:
        return FakeAudio(video.media).survey(Path(video.path), chunk_s=30.0)

    def fill(self, video: Video) -> None:
        library = self.library
        library.add_video(video)
        library.save_utterances(video.id, [_utterance(*said) for said in SAID])
        library.add_segments(_segments(video.id))
        self.retriever.add(_segments(video.id))
        for second in (0, 9):
            self.media.put(thumbnail_key(video.id, second), _picture(second))
        cited = Citation(video.id, TimeSpan(8, 11), SegmentKind.SPEECH, SAID[1][2], 9.0, True)
        chapter = Chapter(TimeSpan(0, DURATION_S), "The harbour", "A bridge is shown.", (cited,))
        library.save_digest(video.id, Digest("A film about a bridge.", (chapter,), (cited,)))
        library.set_ready(video.id, "en")


@dataclass
class StandIn:
    """The wired product with its scripted parts in reach."""

    longreel: Services
    reader: Reader
    agent: Agent
    library: SqlLibrary
    entities: SqlEntities
    database: MemoryDatabase

    def add(self, data: bytes = b"a video", title: str = "Harbour", path: Path | None = None) -> Video:
        """Puts a ready video in the library."""
        place = path or self.longreel.settings.data / "own.webm"
        if path is None:
            place.write_bytes(data)
        video = a_video(data, title, place)
        self.reader.fill(video)
        return video


def make(
    data: Path,
    *,
    hold: bool = False,
    pace_s: float = 0.0,
    poll_s: float = 0.05,
    private_addresses: bool = False,
    **server: Any,
) -> StandIn:
    """A stand-in that keeps its files in a folder and looks for work every `poll_s`; `server` are server settings."""
    settings = Settings().model_copy(update={"data": data})
    workers = Workers(settings.model_copy(update={"models": Models(frame_embedder="fake")}))
    settings = settings.model_copy(update={"server": settings.server.model_copy(update=server)})
    database = MemoryDatabase()
    jobs = SqlJobStore(database, webhook_url=settings.server.webhook_url)
    library, media = SqlLibrary(database), FolderMediaStore(data / "media")
    entities = SqlEntities(database)
    retriever = MemoryRetriever()
    reader, agent = Reader(jobs, library, media, retriever), Agent(pace_s)
    if not hold:
        reader.hold.set()
    live = LiveSettings(settings)

    def most() -> int:
        return int(live.now.server.max_upload_gb * 1e9)

    threads = SqlThreads(database)
    deletion = Deletion(library, jobs, threads, media, lambda: retriever, data / "uploads")
    service = LibraryService(
        library,
        SqlCollections(database),
        media,
        lambda: retriever,
        data / "uploads",
        most,
        lambda: live.now.bin_days,
        deletion=deletion,
        tracks=SqlTracks(database),
    )
    speakers = SpeakerService(SqlSpeakers(database), library)
    moments = MomentService(service, lambda: retriever, FakeFrames, speakers)
    corrections = CorrectionService(library, SqlCorrections(database), lambda: retriever)
    ask = AskService(lambda: cast(Any, agent), library, ThreadService(threads, library))
    ingest = cast(IngestService, reader)
    stages = SqlStageStore(database)
    parts = SummaryParts(FakeTextEmbedder(), None, stages, False)
    summaries = SummarizeService(lambda: parts, library)
    batches = BatchService(ingest, service, summaries, ask, lambda: stages, FakeProbe, lambda: "scripted")
    batch_jobs = BatchJobs(batches, jobs, service, media)
    summary_jobs = SummaryJobs(summaries, jobs, service)
    uploads = UploadService(data / "uploads", most, ingest, service, jobs)
    policy = RetryPolicy(3, 0.05, 1.0)
    downloads = DownloadService(
        data / "uploads", most, ingest, service, private=private_addresses, policy=policy, silence_s=1.0
    )
    handlers = {
        "ingest": downloads.handle,
        PART: batch_jobs.handle_part,
        WHOLE: batch_jobs.handle_whole,
        KIND: summary_jobs.handle,
    }
    worker = Worker(jobs, handlers, poll_s=poll_s, heartbeat_s=0.2)
    webhooks = WebhookService(jobs, settings.server, Seal(data / "secrets.key"), policy=policy, poll_s=poll_s)
    schedules = ScheduleService(SqlSchedules(database), service, ingest, batch_jobs)
    longreel = Services(
        live=live,
        library=service,
        corrections=corrections,
        hearing=HearingService(PyAVAudio, FakeTranscriber, chunk_s=120),
        ingest=ingest,
        ask=ask,
        jobs=jobs,
        worker=worker,
        moments=moments,
        summaries=summaries,
        batches=batches,
        batch_jobs=batch_jobs,
        webhooks=webhooks,
        uploads=uploads,
        downloads=downloads,
        speakers=speakers,
        entities=EntityService(entities),
        schedules=schedules,
        chores=Chores((schedules.tick, service.empty_bin, uploads.sweep), every_s=poll_s),
        pictures=PictureSearch(library, _seen, service.media_path, FakeFrames, FakeFrameEmbedder),
        selection=SelectionService(_seen, service.media_path, FakeFrames, workers),
        workers=workers,
        summary_jobs=summary_jobs,
        people=SpeakerService(SqlSpeakers(database, faces), library),
    )
    return StandIn(longreel, reader, agent, library, entities, database)


def a_video(data: bytes, title: str, path: Path) -> Video:
    """A video whose id is its content."""
    media = MediaInfo(
        "webm", DURATION_S, 0.0, len(data), VideoStream("vp8", 320, 180, 0, 5.0), (AudioStream(0, "opus", 1, 48000),)
    )
    return Video(VideoId(hashlib.sha256(data).hexdigest()), title, str(path), media, added_at="2026-01-01T00:00:00Z")


def give_voices(parts: StandIn, video: Video) -> None:
    """The first sentence of a video is of one voice, the others are of another."""
    said = parts.library.utterances(video.id)
    labels = ["Speaker 1", *["Speaker 2"] * (len(said) - 1)]
    parts.library.save_utterances(
        video.id, [Utterance(u.span, u.text, u.words, label) for u, label in zip(said, labels, strict=True)]
    )
    vectors = np.eye(2, dtype=np.float32)
    parts.longreel.speakers.remember(video.id, [Voice(f"Speaker {i + 1}", 3.0, "ears", vectors[i]) for i in range(2)])


def _utterance(start: float, end: float, text: str) -> Utterance:
    return Utterance(TimeSpan(start, end), text, (Word(text.split()[0], TimeSpan(start, start + 0.5)),))


def _segments(video: VideoId) -> list[Segment]:
    spoken = [
        Segment(f"{video}-speech-{n}", video, SegmentKind.SPEECH, TimeSpan(start, end), text, "stand-in")
        for n, (start, end, text) in enumerate(SAID)
    ]
    shown = [
        Segment(f"{video}-visual-{n}", video, SegmentKind.VISUAL, TimeSpan(at, at + 10), "bridge", "stand-in", at)
        for n, at in enumerate((0.0, 9.0))
    ]
    return [*spoken, *shown]


def _seen(video: Video) -> list[FrameFeatures]:
    frames = FakeFrames().sample(Path(video.path), span=video.media.whole, every_s=1.0, max_side=64)
    return FakeFrameEmbedder().embed(list(frames))


def _picture(second: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), (20 + 20 * second, 90, 120)).save(buffer, "WEBP")
    return buffer.getvalue()


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for something that another thread does. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen")
        time.sleep(0.02)


__all__ = ["DURATION_S", "SAID", "StandIn", "a_video", "give_voices", "make", "wait_until"]
