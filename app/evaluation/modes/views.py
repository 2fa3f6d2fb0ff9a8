"""What an agent may see in a mode: everything, one source alone, or everything but what is said.

A view of the library and of the search shows only some kinds of segments; over one source alone there are no pictures
or sound to look into. Nothing is learned in such a mode: segments that looks of earlier
questions made are hidden, and what a look finds is not stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.core.ports import Retriever, VideoLibrary
from app.core.types import Chapter, Evidence, Segment, SegmentKind, TimeSpan, Utterance, Video, VideoId
from app.evaluation.modes.material import DEFAULT, ModeMaterial, Subtitles
from app.evaluation.modes.mode import Mode

if TYPE_CHECKING:
    from agents.parts import AgentParts

_DEEPER = 8
"""How many times more is searched for when most of what is found will be hidden."""


@dataclass(frozen=True, slots=True)
class View:
    """The kinds of segments that a mode shows, and whether it may look into the file."""

    kinds: tuple[SegmentKind, ...]
    looks: bool = False

    def shows(self, segment: Segment) -> bool:
        """Whether a segment is shown; those that a question's look made never are."""
        return segment.kind in self.kinds and segment.question is None

    def narrowed(self, kinds: Sequence[SegmentKind]) -> tuple[SegmentKind, ...]:
        """Those of the requested kinds that are visible; none requested means all."""
        return tuple(kind for kind in self.kinds if not kinds or kind in kinds)

    def of(self, video: Video) -> Video:
        """The video as it may be opened: without its file, or without its sound."""
        return replace(video, media=replace(video.media, audio=())) if self.looks else without_file(video)


_VIEWS = {
    Mode.TRANSCRIPT: View((SegmentKind.SPEECH,)),
    Mode.CAPTIONS: View((SegmentKind.CAPTION, SegmentKind.EVENT, SegmentKind.VISUAL)),
}
_UNHEARD = View((SegmentKind.SCREEN_TEXT, SegmentKind.VISUAL, SegmentKind.CAPTION), looks=True)
"""Everything but what is said and what was written from it."""


def view_of(mode: Mode, shown: ModeMaterial) -> View | None:
    """What an agent sees in this mode; None for everything."""
    unheard = _UNHEARD if shown.subtitles is Subtitles.NONE else None
    return _VIEWS.get(mode, unheard)


def restricted(parts: AgentParts, mode: Mode, shown: ModeMaterial = DEFAULT) -> AgentParts:
    """The parts of an agent that answers in this mode."""
    limits: dict[str, str | int] = {"max_frames": shown.frames} if shown.frames is not None else {}
    if mode in (Mode.LOOP, Mode.PIPELINE):
        limits["mode"] = mode.value
    view = view_of(mode, shown)
    if view is None:
        return replace(parts, settings=parts.settings.model_copy(update=limits)) if limits else parts
    viewed = replace(
        parts,
        retriever=ViewedRetriever(parts.retriever, view),
        library=ViewedLibrary(parts.library, view),
        settings=parts.settings.model_copy(update=limits if view.looks else {**limits, "max_frames": 0}),
        entities=None,
    )
    if view.looks:
        return viewed
    return replace(
        viewed,
        vision=None,
        features=lambda _: (),
        frame_embedder=None,
        query_frame_selector=None,
        detector=None,
        tracks=None,
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
        """All, newest first, as the view opens them."""
        return [self._view.of(video) for video in self._library.videos()]

    def video(self, id: VideoId) -> Video:
        """One, as the view opens it. Raises NotFound."""
        return self._view.of(self._library.video(id))

    def utterances(self, id: VideoId, window: TimeSpan | None = None) -> list[Utterance]:
        """What was said; nothing where the view hides speech."""
        return self._library.utterances(id, window) if SegmentKind.SPEECH in self._view.kinds else []

    def segments(
        self, id: VideoId, *, kinds: Sequence[SegmentKind] = (), window: TimeSpan | None = None
    ) -> list[Segment]:
        """The shown segments of these kinds, in time order."""
        visible = self._view.narrowed(kinds)
        candidates = self._library.segments(id, kinds=visible, window=window) if visible else []
        return [segment for segment in candidates if self._view.shows(segment)]

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
        visible = self._view.narrowed(kinds)
        if not visible:
            return []
        hits = self._retriever.search(text, limit=limit * _DEEPER, videos=videos, window=window, kinds=visible)
        shown = [one for one in hits if self._view.shows(one.segment)][:limit]
        return [replace(one, id=f"E{place}") for place, one in enumerate(shown, 1)]

    def add(self, segments: Sequence[Segment]) -> None:
        """Adds nothing."""

    def add_pictures(self, segments: Sequence[Segment], concepts: NDArray[np.float32]) -> None:
        """Adds nothing."""

    def remove(self, video: VideoId, kinds: Sequence[SegmentKind] = ()) -> None:
        """Removes nothing."""
