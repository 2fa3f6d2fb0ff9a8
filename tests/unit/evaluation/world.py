"""A small video with a known answer, and the parts that modes work with, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from agents.parts import AgentParts
from app.core.settings import Agent
from app.core.types import (
    Capabilities,
    FrameFeatures,
    MediaInfo,
    Segment,
    SegmentKind,
    TimeSpan,
    Utterance,
    Video,
    VideoId,
    VideoStream,
)
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio, FakeFrames
from gpu_workers.vision.fakes import FakeFrameEmbedder
from retrieval.fakes import MemoryRetriever

SEES = Capabilities(images=True, tools=True, schema=True, context=200_000)
READS = Capabilities(schema=True, tools=True, context=32_000)
Timed = tuple[float, float, str]


def a_video(seconds: float = 90.0, *, pictures: bool = True) -> Video:
    stream = VideoStream("h264", 1280, 720, 0, 25.0) if pictures else None
    return Video(VideoId("v" * 64), "Harbour", __file__, MediaInfo("mp4", seconds, 0.0, 1, stream), ready=True)


class WordFrameEmbedder(FakeFrameEmbedder):
    """Finds frames by the words that stand for them."""

    def embed_query(self, text: str) -> Any:
        return FakeTextEmbedder().embed_query(text)


def features_of(words: Sequence[str]) -> list[FrameFeatures]:
    """A frame a second, each with the vector of its words."""
    rows = FakeTextEmbedder().embed(list(words))
    return [FrameFeatures(float(second), row, row) for second, row in enumerate(np.asarray(rows))]


def parts_of(
    chat: FakeChat | None,
    video: Video,
    *,
    said: Sequence[Timed] = (),
    captions: Sequence[Timed] = (),
    seen: Sequence[str] = (),
    **more: Any,
) -> AgentParts:
    library, retriever = SqlLibrary(MemoryDatabase()), MemoryRetriever()
    library.add_video(video)
    library.save_utterances(video.id, [Utterance(TimeSpan(start, end), text, ()) for start, end, text in said])
    segments = [
        Segment(f"{kind}{place}", video.id, kind, TimeSpan(start, end), text, "m", (start + end) / 2)
        for kind, lines in ((SegmentKind.SPEECH, said), (SegmentKind.CAPTION, captions))
        for place, (start, end, text) in enumerate(lines)
    ]
    library.add_segments(segments)
    retriever.add(segments)
    values: dict[str, Any] = {
        "retriever": retriever,
        "library": library,
        "settings": Agent(),
        "chat": chat,
        "vision": None,
        "text_embedder": FakeTextEmbedder(),
        "reranker": None,
        "text_reader": cast(Any, None),
        "frames": FakeFrames(video.media),
        "audio": FakeAudio(video.media),
        "transcriber": cast(Any, None),
        "features": lambda _: features_of(seen),
        "frame_embedder": WordFrameEmbedder(),
    }
    return AgentParts(**{**values, **more})
