"""The agent's models and stores, and what the nodes of one run share."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from agents.budget import Budget
from agents.evidence import Passage
from agents.evidence.reading import from_segment, read_span
from app.core.errors import NotFound
from app.core.ports import (
    AudioSource,
    Chat,
    EntityStore,
    FrameEmbedder,
    FrameSelector,
    FrameSource,
    ObjectDetector,
    QueryFrameSelector,
    Reranker,
    Retriever,
    TextEmbedder,
    TextReader,
    TrackStore,
    Transcriber,
    VideoLibrary,
    VisionLanguageModel,
)
from app.core.settings import Agent
from app.core.types import Frame, FrameFeatures, Segment, SegmentKind, TimeSpan, Video, VideoId
from app.core.types.boxes import Box
from app.core.types.objects import ObjectTrack

PICTURE_TOKENS = 450
"""What a picture takes of a model's context, roughly; models and vendors count 250 to 1,100 for one of 640 pixels."""
PICTURE_SHARE = 0.6
"""The share of a model's context that pictures may take."""
MOST_SIDE = 1920
"""Longest side of a frame of which only a part is shown, pixels."""
MOST_ENLARGED = 4
LEAST_CROP = 32
"""Pixels that a part of a frame has at least on each side: models refuse smaller pictures."""
REMEMBERED_FRAMES = 192
"""Decoded frames that a run keeps, since each turn of a conversation shows them again."""


@dataclass(frozen=True)
class AgentParts:
    """The models and stores behind an agent. Those that may be None are missing in some profiles."""

    retriever: Retriever
    library: VideoLibrary
    settings: Agent
    chat: Chat | None
    """Understands, decides, answers and judges; None leaves only quoting."""
    vision: VisionLanguageModel | None
    """Looks at pictures where `chat` accepts none."""
    text_embedder: TextEmbedder
    reranker: Reranker | None
    text_reader: TextReader
    frames: FrameSource
    audio: AudioSource
    transcriber: Transcriber
    features: Callable[[Video], Sequence[FrameFeatures]]
    """The vectors of a video's frames, one a second, as ingest stored them. Raises NotFound where there are none."""
    frame_embedder: FrameEmbedder | None = None
    frame_selector: FrameSelector | None = None
    query_frame_selector: QueryFrameSelector | None = None
    detector: ObjectDetector | None = None
    follow: Callable[[Video, TimeSpan, Sequence[str], float, Callable[[], bool]], list[ObjectTrack]] | None = None
    """Follows named things through a span of a video, in so many frames a second, until the last function says stop."""
    tracks: TrackStore | None = None
    entities: EntityStore | None = None


@dataclass
class AgentRun:
    """What the nodes of one run share: parts, budget, and decoded frames."""

    parts: AgentParts
    budget: Budget
    pictures: Pictures = field(init=False)
    _screens: dict[VideoId, list[Passage]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.parts.frames)

    def screen(self, video: Video) -> list[Passage]:
        """All text on the screen of a video, each line once, in order of time. Read once for a run."""
        if video.id not in self._screens:
            whole, kinds = video.media.whole, (SegmentKind.SCREEN_TEXT,)
            self._screens[video.id] = read_span(self.parts.library, video, whole, kinds)
        return self._screens[video.id]

    def store(self, segments: Sequence[Segment]) -> list[Passage]:
        """Stores what was seen, read or heard anew, so that later questions can search it, and gives it as passages."""
        if segments:
            self.parts.library.add_segments(segments)
            self.parts.retriever.add(segments)
        return [from_segment(segment) for segment in segments]

    @property
    def sees(self) -> bool:
        """Whether any model of this run can look at pictures."""
        return self.parts.vision is not None or self.chat_sees

    @property
    def chat_sees(self) -> bool:
        """Whether pictures can be shown to the chat model itself."""
        return self.parts.chat is not None and self.parts.chat.capabilities.images

    @property
    def pictures_at_once(self) -> int:
        """How many pictures fit into one turn of the chat model."""
        return max(4, int(self.context * PICTURE_SHARE / PICTURE_TOKENS)) if self.parts.chat else 0

    @property
    def context(self) -> float:
        """How many tokens the chat model reads at once; without one nothing limits them."""
        return self.parts.chat.capabilities.context if self.parts.chat else math.inf

    def features(self, video: Video) -> Sequence[FrameFeatures]:
        """The stored vectors of a video; none where they were not stored."""
        try:
            return self.parts.features(video)
        except NotFound:
            return ()


class Pictures:
    """Frames of videos, decoded once for a run and forgotten when many others came after them."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._frames: OrderedDict[tuple[VideoId, float, int], Frame] = OrderedDict()
        self._lock = threading.Lock()

    def at(self, video: Video, times_s: Sequence[float], side: int, box: Box | None = None) -> list[Frame]:
        """The frames shown at these times, in order; those that cannot be decoded are left out. See `by_time`."""
        frames = self.by_time(video, times_s, side, box)
        return [frames[time_s] for time_s in times_s if time_s in frames]

    def by_time(self, video: Video, times_s: Sequence[float], side: int, box: Box | None = None) -> dict[float, Frame]:
        """The frame shown at each time, its longest side at most `side` pixels; with a `box` only that part of it, with
        as many of the file's pixels as that allows. Raises what the source raises."""
        if box is not None:
            share = max(box[2] - box[0], box[3] - box[1])
            whole = self.by_time(video, times_s, max(side, min(MOST_SIDE, round(side / share))))
            return {time_s: _enlarged_part(frame, box, side) for time_s, frame in whole.items()}
        with self._lock:
            missing = [time_s for time_s in times_s if (video.id, time_s, side) not in self._frames]
            fresh: dict[float, Frame] = {}
            if missing:
                track = video.media.picture_track
                decoded = self._source.at(Path(video.path), missing, max_side=side, track=track)
                fresh = dict(zip(missing, decoded, strict=False))
            frames: dict[float, Frame] = {}
            for time_s in times_s:
                key = (video.id, time_s, side)
                frame = self._frames.pop(key, None) or fresh.get(time_s)
                if frame is not None:
                    self._frames[key] = frames[time_s] = frame
            while len(self._frames) > REMEMBERED_FRAMES:
                self._frames.popitem(last=False)
            return frames


def _enlarged_part(frame: Frame, box: Box, side: int) -> Frame:
    """The part of a frame inside a box, and some of what surrounds a tiny one. A small part becomes up to `side` pixels
    long and at most `MOST_ENLARGED` times as large, so that models see it."""
    height, width = frame.image.shape[:2]
    left, right = _edges(box[0] * width, box[2] * width, width)
    top, bottom = _edges(box[1] * height, box[3] * height, height)
    part = frame.image[top:bottom, left:right]
    times = min(side / max(part.shape[:2]), MOST_ENLARGED)
    if times > 1:
        size = (round(part.shape[1] * times), round(part.shape[0] * times))
        part = np.asarray(Image.fromarray(part).resize(size, Image.Resampling.LANCZOS))
    return replace(frame, image=part)


def _edges(start: float, end: float, whole: int) -> tuple[int, int]:
    """The first and the last pixel of a part of a side, at least `LEAST_CROP` apart where the side is that long."""
    missing = max(0.0, min(LEAST_CROP, whole) - (end - start))
    first = max(0, min(math.floor(start - missing / 2), whole - LEAST_CROP))
    return first, min(whole, max(math.ceil(end), first + LEAST_CROP))
