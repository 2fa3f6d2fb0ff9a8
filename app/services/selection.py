"""The use case: choose frames that represent a video, or that are relevant to a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.core.errors import BadInput
from app.core.ports import FrameSource
from app.core.types import Frame, FrameFeatures, TimeSpan, Video, VideoId
from gpu_workers.registry import CLASSES, Workers, class_of
from gpu_workers.selection.options import checked_options

PLAIN, FOR_A_QUESTION = "frame_selector", "query_frame_selector"
KEYFRAMES = "keyframes"
"""The one method that is built for a file, and so cannot be chosen in the settings."""
JUDGED_SIDE = 768
"""Longest side, in pixels, of frames that a method decodes itself."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen frames of a video, and the method."""

    method: str
    considered: int
    """The number of candidates."""
    times_s: tuple[float, ...]
    """The times of the frames, ascending."""


class SelectionService:
    """Chooses among the frames sampled at ingest, by any method."""

    def __init__(
        self,
        features: Callable[[Video], Sequence[FrameFeatures]],
        path: Callable[[VideoId], Path],
        frames: Callable[[], FrameSource],
        workers: Workers,
    ) -> None:
        """`features` returns the sampled frames, `path` the file; `frames` decodes for methods that look again."""
        self._features = features
        self._path = path
        self._frames = frames
        self._workers = workers

    def choose(
        self,
        video: Video,
        count: int,
        *,
        question: str = "",
        method: str = "",
        window: TimeSpan | None = None,
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> Chosen:
        """At most `count` frames of a video, or of a span of it.

        Without a method, the settings choose it. Methods that need no question ignore it. `options`: those of the
        method, by name. Raises BadInput for an unknown method, a missing question or an unsupported option, NotFound
        for a video that is not ingested.
        """
        words = " ".join(question.split())
        if method in CLASSES[FOR_A_QUESTION] and not words:
            raise BadInput(f"The method {method} needs a question.", "Give one, or choose another method.")
        seen = [one for one in self._features(video) if window is None or window.contains(one.pts_s)]
        track = video.media.picture_track

        def fetch(times_s: Sequence[float]) -> Iterable[Frame]:
            return self._frames().at(self._path(video.id), times_s, max_side=JUDGED_SIDE, track=track)

        if method == KEYFRAMES:
            from gpu_workers.selection.keyframes import KeyframeSelector

            checked_options(KeyframeSelector, method, options)
            name, places = KEYFRAMES, KeyframeSelector.of_file(self._path(video.id), track).select(seen, count)
        elif words and method not in CLASSES[PLAIN]:
            selector = self._selector(FOR_A_QUESTION, method, options)
            name, places = selector.name, selector.select(words, seen, count, fetch=fetch)
        else:
            selector = self._selector(PLAIN, method, options)
            name, places = selector.name, selector.select(seen, count)
        return Chosen(name, len(seen), tuple(seen[place].pts_s for place in places))

    def _selector(self, role: str, method: str, options: Mapping[str, Any]) -> Any:
        if method and method not in CLASSES[role]:
            known = [name for role in (PLAIN, FOR_A_QUESTION) for name in CLASSES[role] if name != "fake"]
            raise BadInput(
                f"There is no frame selection method named {method}.",
                f"Choose one of: {', '.join([KEYFRAMES, *known])}.",
            )
        name = method or self._workers.name(role)
        checked = checked_options(class_of(role, name), name, options)
        return self._workers.named(role, name, **checked) if method or checked else self._workers.get(role)
