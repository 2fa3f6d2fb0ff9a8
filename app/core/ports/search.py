"""Ports that find segments: by meaning, by words, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.core.types import Evidence, Segment, SegmentKind, TimeSpan, VideoId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class SegmentIndex(Protocol):
    """Finds segments by meaning. `space` ("text" or "picture") selects one of its collections."""

    def add(self, space: str, segments: Sequence[Segment], vectors: NDArray[np.float32]) -> None:
        """Adds or replaces segments with their unit vectors, shape (n, d)."""
        ...

    def search(
        self,
        space: str,
        vector: NDArray[np.float32],
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """The nearest segments with their cosine, best first. Empty filters mean no limit; `window` means overlap."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes the segments of a video, all or those of some kinds; no error when there are none."""
        ...

    def videos(self) -> frozenset[VideoId]:
        """The videos that have vectors, of any embedder."""
        ...

    def stored(self, space: str, video: VideoId) -> dict[str, str]:
        """The text of each segment of a video that has a vector, by its id."""
        ...

    def check(self) -> None:
        """Reads everything. Raises Damaged."""
        ...

    def set_aside(self) -> None:
        """Moves damaged data out of the way and starts with an empty index."""
        ...

    def ping(self) -> None:
        """Raises an error if the store cannot be used."""
        ...

    def compact(self) -> None:
        """Leaves nothing of removed segments on disk, as far as the store is on this machine."""
        ...


@runtime_checkable
class LexicalIndex(Protocol):
    """Finds segments by their words."""

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds or replaces segments."""
        ...

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[tuple[Segment, float]]:
        """Segments that share words with `text`, by BM25, best first. Any text is safe: it is never query syntax."""
        ...

    def videos(self) -> frozenset[VideoId]:
        """The videos that have indexed segments."""
        ...

    def segments(self, video: VideoId) -> list[Segment]:
        """All indexed segments of a video, in the order in which they were added."""
        ...

    def check(self) -> None:
        """Reads everything. Raises Damaged."""
        ...

    def set_aside(self) -> None:
        """Moves damaged data out of the way and starts with an empty index."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes the segments of a video, all or those of some kinds; no error when there are none."""
        ...

    def compact(self) -> None:
        """Leaves nothing of removed segments on disk."""
        ...


@runtime_checkable
class Retriever(Protocol):
    """Searches every index and fuses the results."""

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[Evidence]:
        """Hits, best first, with ids E1, E2, ...; only segments that overlap `window`."""
        ...

    def add(self, segments: Sequence[Segment]) -> None:
        """Indexes texts in the dense and the lexical index."""
        ...

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Indexes key frames by their concept vectors, shape (n, q)."""
        ...

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes the segments of a video, all or those of some kinds."""
        ...
