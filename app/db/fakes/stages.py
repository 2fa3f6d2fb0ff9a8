"""Stage results in memory: for tests, and for work that does not have to last."""

from __future__ import annotations

import threading

from app.core.types import VideoId


class MemoryStageStore:
    """The port StageStore in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._units: dict[tuple[str, str], dict[str, bytes]] = {}
        self._results: dict[tuple[str, str], bytes] = {}
        self._versions: dict[tuple[str, str], str] = {}

    def units(self, video_id: VideoId, stage: str, version: str) -> dict[str, bytes]:
        """The saved units of this version by name, in the order in which they were first saved."""
        with self._lock:
            current = self._versions.get((video_id, stage)) == version
            return dict(self._units.get((video_id, stage), {})) if current else {}

    def save_unit(self, video_id: VideoId, stage: str, version: str, unit: str, payload: bytes) -> None:
        """Saves or replaces one unit."""
        with self._lock:
            self._keep_only(video_id, stage, version)
            self._units.setdefault((video_id, stage), {})[unit] = payload

    def finish(self, video_id: VideoId, stage: str, version: str, payload: bytes) -> None:
        """Marks the stage as complete, with its result."""
        with self._lock:
            self._keep_only(video_id, stage, version)
            self._results[video_id, stage] = payload

    def finished(self, video_id: VideoId, stage: str, version: str) -> bytes | None:
        """The result of a complete stage; None when it is not complete in this version."""
        with self._lock:
            current = self._versions.get((video_id, stage)) == version
            return self._results.get((video_id, stage)) if current else None

    def clear(self, video_id: VideoId, stage: str) -> None:
        """Forgets units and result of a stage, of every version."""
        with self._lock:
            self._forget(video_id, stage)

    def _keep_only(self, video_id: VideoId, stage: str, version: str) -> None:
        if self._versions.get((video_id, stage)) != version:
            self._forget(video_id, stage)
            self._versions[video_id, stage] = version

    def _forget(self, video_id: VideoId, stage: str) -> None:
        for kept in (self._units, self._results, self._versions):
            kept.pop((video_id, stage), None)
