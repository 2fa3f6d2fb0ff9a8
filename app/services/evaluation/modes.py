"""What an answer may rest on: everything, or one source alone, so that sources can be compared in one run.

A mode that is not `full` gives the same agent a view of the library and of the search that shows only some kinds of
segments, no vision model and no frames to decode. Nothing is learned in such a mode: segments that looks of earlier
questions made are hidden, and what a look finds is not stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.core.ports import Retriever, VideoLibrary
from app.core.types import Chapter, Evidence, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId

if TYPE_CHECKING:
    from agents.agent import AgentParts

UNIFORM_FRAMES = 16
_DEEPER = 8
"""How many times more is searched for when most of what is found will be hidden."""


class Mode(StrEnum):
    """A way to answer."""

    FULL = "full"
    TRANSCRIPT = "transcript"
    CAPTIONS = "captions"
    UNIFORM = "uniform"


@dataclass(frozen=True, slots=True)
class View:
    """What a mode shows. `moments`: only what is shown at so many evenly spaced moments; 0 for everything."""

    kinds: tuple[SegmentKind, ...]
    moments: int = 0

    def shows(self, segment: Segment, duration_s: float) -> bool:
        """Whether a segment of a video of that length is shown."""
        if segment.kind not in self.kinds or segment.question is not None:
            return False
        return not self.moments or any(segment.span.contains(t) for t in evenly(duration_s, self.moments))

    def narrowed(self, kinds: Sequence[SegmentKind]) -> tuple[SegmentKind, ...]:
        """Those of the wanted kinds that are shown; an empty wish is for all."""
        return tuple(kind for kind in self.kinds if not kinds or kind in kinds)


VIEWS = {
    Mode.TRANSCRIPT: View((SegmentKind.SPEECH,)),
    Mode.CAPTIONS: View((SegmentKind.CAPTION, SegmentKind.VISUAL)),
    Mode.UNIFORM: View((SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL), UNIFORM_FRAMES),
}


def evenly(duration_s: float, count: int) -> list[float]:
    """The middles of `count` equal parts of a video, in seconds."""
    return [(part + 0.5) * duration_s / count for part in range(count)]


def restricted(parts: AgentParts, mode: Mode) -> AgentParts:
    """The parts of an agent that answers in this mode."""
    if mode is Mode.FULL:
        return parts
    view = VIEWS[mode]
    return replace(
        parts,
        retriever=ViewedRetriever(parts.retriever, parts.library, view),
        library=ViewedLibrary(parts.library, view),
        vision_language_model=None,
        settings=parts.settings.model_copy(update={"max_frames": 0}),
    )


class ViewedLibrary:
    """A library through a view: only what is shown can be read, and nothing is stored."""

    def __init__(self, library: VideoLibrary, view: View) -> None:
        self._library = library
        self._view = view

    def videos(self) -> list[Video]:
        """All, newest first."""
        return self._library.videos()

    def video(self, id: VideoId) -> Video:
        """One. Raises NotFound."""
        return self._library.video(id)

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said; nothing where the view hides speech."""
        return self._library.utterances(id, window) if SegmentKind.SPEECH in self._view.kinds else []

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """The shown segments of these kinds, in time order."""
        duration_s = self._library.video(id).duration_s
        wanted = self._view.narrowed(kinds)
        found = self._library.segments(id, kinds=wanted, window=window) if wanted else []
        return [segment for segment in found if self._view.shows(segment, duration_s)]

    def chapters(self, id: VideoId) -> list[Chapter]:
        """None: they are written from everything that is known."""
        del id
        return []

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores nothing."""


class ViewedRetriever:
    """A search through a view: only what is shown can be found, and nothing is added."""

    def __init__(self, retriever: Retriever, library: VideoLibrary, view: View) -> None:
        self._retriever = retriever
        self._library = library
        self._view = view

    def search(
        self,
        text: str,
        *,
        limit: int,
        videos: Sequence[VideoId] = (),
        window: TimeSpan | None = None,
        kinds: Sequence[SegmentKind] = (),
    ) -> list[Evidence]:
        """The shown evidence, best first, with ids E1, E2, ..."""
        wanted = self._view.narrowed(kinds)
        if not wanted:
            return []
        found = self._retriever.search(text, limit=limit * _DEEPER, videos=videos, window=window, kinds=wanted)
        durations = {id: self._library.video(id).duration_s for id in {one.segment.video_id for one in found}}
        shown = [one for one in found if self._view.shows(one.segment, durations[one.segment.video_id])][:limit]
        return [replace(one, id=f"E{place}") for place, one in enumerate(shown, 1)]

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds nothing."""

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Adds nothing."""

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes nothing."""
