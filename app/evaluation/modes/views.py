"""The ways to answer a benchmark: the agent as it is, the agent over one source alone, and controls without it.

In `transcript` and `captions` the agent gets a view of the library and of the search that shows only some kinds of
segments, and no pictures or sound to look into. Nothing is learned in such a mode: segments that looks of earlier
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
    from agents.parts import AgentParts

_DEEPER = 8
"""How many times more is searched for when most of what is found will be hidden."""


class Mode(StrEnum):
    """A way to answer."""

    FULL = "full"
    """The agent as the settings have it."""
    LOOP = "loop"
    """The agent whose model chooses each step."""
    PIPELINE = "pipeline"
    """The agent in a few fixed steps."""
    TRANSCRIPT = "transcript"
    """The agent over what is said alone."""
    CAPTIONS = "captions"
    """The agent over what captions and tags of the pictures say alone."""
    NO_AGENT = "no-agent"
    """The same chat model, shown evenly spaced frames and the whole transcript in one prompt."""
    NONE = "none"
    """No language model: the option nearest in meaning to what is said or captioned."""


COMPARED = (Mode.FULL, Mode.NO_AGENT, Mode.TRANSCRIPT, Mode.CAPTIONS, Mode.NONE)
"""What is run side by side when all are asked for."""


@dataclass(frozen=True, slots=True)
class View:
    """The kinds of segments that a mode shows."""

    kinds: tuple[SegmentKind, ...]

    def shows(self, segment: Segment) -> bool:
        """Whether a segment is shown; those that a question's look made never are."""
        return segment.kind in self.kinds and segment.question is None

    def narrowed(self, kinds: Sequence[SegmentKind]) -> tuple[SegmentKind, ...]:
        """Those of the wanted kinds that are shown; an empty wish is for all."""
        return tuple(kind for kind in self.kinds if not kinds or kind in kinds)


VIEWS = {
    Mode.TRANSCRIPT: View((SegmentKind.SPEECH,)),
    Mode.CAPTIONS: View((SegmentKind.CAPTION, SegmentKind.VISUAL)),
}


def evenly(duration_s: float, count: int) -> list[float]:
    """The middles of `count` equal parts of a video, in seconds."""
    return [(part + 0.5) * duration_s / count for part in range(count)]


def restricted(parts: AgentParts, mode: Mode) -> AgentParts:
    """The parts of an agent that answers in this mode."""
    if mode in (Mode.LOOP, Mode.PIPELINE):
        return replace(parts, settings=parts.settings.model_copy(update={"mode": mode.value}))
    view = VIEWS.get(mode)
    if view is None:
        return parts
    return replace(
        parts,
        retriever=ViewedRetriever(parts.retriever, view),
        library=ViewedLibrary(parts.library, view),
        settings=parts.settings.model_copy(update={"max_frames": 0}),
        vision=None,
        features=lambda _: (),
        frame_embedder=None,
        query_frame_selector=None,
        detector=None,
        entities=None,
    )


def without_file(video: Video) -> Video:
    """A video of which only the index can be read: no pictures and no sound."""
    return replace(video, path="", media=replace(video.media, video=None, audio=()))


class ViewedLibrary:
    """A library through a view: only what is shown can be read, and nothing is stored."""

    def __init__(self, library: VideoLibrary, view: View) -> None:
        self._library = library
        self._view = view

    def videos(self) -> list[Video]:
        """All, newest first, without their files."""
        return [without_file(video) for video in self._library.videos()]

    def video(self, id: VideoId) -> Video:
        """One, without its file. Raises NotFound."""
        return without_file(self._library.video(id))

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said; nothing where the view hides speech."""
        return self._library.utterances(id, window) if SegmentKind.SPEECH in self._view.kinds else []

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """The shown segments of these kinds, in time order."""
        wanted = self._view.narrowed(kinds)
        found = self._library.segments(id, kinds=wanted, window=window) if wanted else []
        return [segment for segment in found if self._view.shows(segment)]

    def chapters(self, id: VideoId) -> list[Chapter]:
        """None: they are written from everything that is known."""
        del id
        return []

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """Stores nothing."""


class ViewedRetriever:
    """A search through a view: only what is shown can be found, and nothing is added."""

    def __init__(self, retriever: Retriever, view: View) -> None:
        self._retriever = retriever
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
        shown = [one for one in found if self._view.shows(one.segment)][:limit]
        return [replace(one, id=f"E{place}") for place, one in enumerate(shown, 1)]

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds nothing."""

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Adds nothing."""

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes nothing."""
