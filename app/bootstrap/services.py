"""The results of wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.core.settings import Settings
from app.evaluation.run.service import EvaluationService
from app.jobs.chores import Chores
from app.jobs.store import JobStore
from app.jobs.worker import Worker
from app.services.ask import AskService
from app.services.batch_jobs import BatchJobs
from app.services.batches import BatchService
from app.services.corrections import CorrectionService
from app.services.downloads import DownloadService
from app.services.entities import EntityService
from app.services.hearing import HearingService
from app.services.ingest import IngestService
from app.services.library import LibraryService
from app.services.live_settings import LiveSettings
from app.services.moments import MomentService
from app.services.picture_search import PictureSearch
from app.services.preload import WarmUp
from app.services.reindex import Reindexer
from app.services.schedules import ScheduleService
from app.services.selection import SelectionService
from app.services.speakers import SpeakerService
from app.services.subtitle_import import ImportService
from app.services.summarize import SummarizeService
from app.services.summary_jobs import SummaryJobs
from app.services.uploads import UploadService
from app.services.webhooks import WebhookService
from gpu_workers.cluster.states import PoolState
from gpu_workers.registry import Workers


@dataclass(kw_only=True)
class Services:
    """Everything wired."""

    live: LiveSettings
    library: LibraryService
    ingest: IngestService
    ask: AskService
    jobs: JobStore
    worker: Worker
    moments: MomentService
    corrections: CorrectionService
    hearing: HearingService
    summaries: SummarizeService
    batches: BatchService
    batch_jobs: BatchJobs
    webhooks: WebhookService
    uploads: UploadService
    downloads: DownloadService
    speakers: SpeakerService
    entities: EntityService
    schedules: ScheduleService
    chores: Chores
    selection: SelectionService
    workers: Workers
    summary_jobs: SummaryJobs
    pictures: PictureSearch
    people: SpeakerService
    """People whose faces appear."""
    reindexer: Reindexer | None = None
    """Rebuilds the index from the library; None if no index is on a disk."""
    readiness: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """Readiness checks by name; each raises the problem it finds. None of them loads a model."""
    pools: Callable[[], list[PoolState]] = list
    """The state of the actor pools that this process uses."""
    warm_up: WarmUp = field(default_factory=WarmUp)

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.live.now


@dataclass
class Measuring:
    """Services for measuring Longreel, with the same stores and models: benchmarks, and captions instead of videos."""

    evaluation: EvaluationService
    imports: ImportService
