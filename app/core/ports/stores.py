"""Ports for storage: the library, files, the results of stages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from app.core.types import Chapter, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.core.types.entities import Entity, EntityKind, Mention
from app.core.types.objects import ObjectTrack


@runtime_checkable
class VideoLibrary(Protocol):
    """Everything known about the ingested videos; the agent and the page read from it."""

    def videos(self) -> list[Video]:
        """All videos, newest first."""
        ...

    def video(self, id: VideoId) -> Video:
        """One video. Raises NotFound."""
        ...

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said, in time order; only sentences that overlap `window`."""
        ...

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """Segments in time order; empty `kinds` means all."""
        ...

    def chapters(self, id: VideoId) -> list[Chapter]:
        """Chapters in time order."""
        ...

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores segments from an agent's look; replaces those with the same id."""
        ...


@runtime_checkable
class EntityStore(Protocol):
    """Who and what is mentioned in the videos."""

    def all(self, kinds: Sequence[EntityKind] = (), videos: Sequence[VideoId] = ()) -> list[Entity]:
        """Entities, most mentions first, of some kinds and videos; empty means all."""
        ...

    def mentions(self, kind: EntityKind, key: str, videos: Sequence[VideoId] = ()) -> list[Mention]:
        """The mentions of an entity, by video and time."""
        ...


@runtime_checkable
class TrackStore(Protocol):
    """The things that were tracked through videos."""

    def tracks(self, id: VideoId, window: TimeSpan | None = None) -> list[ObjectTrack]:
        """Tracks in order of appearance; only those that overlap `window`. Raises NotFound."""
        ...


@runtime_checkable
class MediaStore(Protocol):
    """Stores files by key: thumbnails, uploads. A key is a relative path with forward slashes."""

    def put(self, key: str, data: bytes | Path) -> None:
        """Stores bytes or a copy of a file, completely or not at all. Raises StorageFull."""
        ...

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        ...

    def local_path(self, key: str) -> Path:
        """A local file with the content. Raises NotFound."""
        ...

    def remove(self, prefix: str) -> None:
        """Deletes all keys below a prefix; no error when there are none."""
        ...


@runtime_checkable
class StageStore(Protocol):
    """Stores the results of ingest stages, in small units, so that a killed ingest loses at most one unit.

    Everything is durable before a call returns. A stage has units of one version only, that of the one saved last, and
    one result, which stays until another version is complete. Raises StorageFull when the disk is full.
    """

    def units(self, video_id: VideoId, stage: str, version: str) -> dict[str, bytes]:
        """The saved units of this version by name, in the order in which they were first saved."""
        ...

    def save_unit(self, video_id: VideoId, stage: str, version: str, unit: str, payload: bytes) -> None:
        """Saves or replaces one unit, and deletes those of other versions."""
        ...

    def finish(self, video_id: VideoId, stage: str, version: str, payload: bytes) -> None:
        """Marks the stage as complete, with its result in place of an older one. Its units stay; `clear` drops them."""
        ...

    def finished(self, video_id: VideoId, stage: str, version: str) -> bytes | None:
        """The result of a complete stage; None when it is not complete in this version."""
        ...

    def reopen(self, video_id: VideoId, stages: Collection[str]) -> None:
        """Deletes the results of stages, of every version; their units stay."""
        ...

    def clear(self, video_id: VideoId, stage: str) -> None:
        """Deletes units and result of a stage, of every version; no error when there are none."""
        ...
