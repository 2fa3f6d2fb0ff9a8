"""Work in a process of its own that kills itself on the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from app.bootstrap import build
from app.core.events import Event
from app.core.requests import IngestRequest
from app.core.settings import load_settings


def ingest_until_killed(path: Path, stage: str, kind: str) -> None:
    """Ingests a video, and is killed by the first event of a kind that a stage reports."""

    def report(event: Event) -> None:
        if getattr(event, "stage", None) == stage and event.type == kind:
            os.kill(os.getpid(), signal.SIGKILL)

    build(load_settings()).ingest.run(IngestRequest(path), report=report)
