"""The interfaces between the application and its engines: small Protocols, each a contract.

Every port has one test suite in `tests/contract` that runs over all implementations and the fake.
Rules for all of them: times are seconds on the video's clock (see `app.core.types`); results come
in the order of the inputs; nothing is loaded before the first call; foreign errors come out as the
tree of `app.core.errors`; `model` gives the name and version of the model, and changes whenever
results would.
"""

from app.core.ports.chat import Chat
from app.core.ports.language import Reranker, TextEmbedder
from app.core.ports.media import AudioSource, FrameSource, MediaProbe, SubtitleSource
from app.core.ports.runtime import CallBeat, Runtime
from app.core.ports.search import LexicalIndex, Retriever, SegmentIndex
from app.core.ports.speech import Diarizer, SoundTagger, Transcriber
from app.core.ports.stores import EntityStore, MediaStore, StageStore, TrackStore, VideoLibrary
from app.core.ports.vision import (
    BatchCaptioner,
    Captioner,
    CaptionTask,
    FaceFinder,
    FrameEmbedder,
    FrameFetch,
    FrameSelector,
    ObjectDetector,
    QueryFrameSelector,
    SceneDescriber,
    ShotDetector,
    TextReader,
    VisionLanguageModel,
    scene_describer,
)

__all__ = [
    "AudioSource",
    "BatchCaptioner",
    "CallBeat",
    "CaptionTask",
    "Captioner",
    "Chat",
    "Diarizer",
    "EntityStore",
    "FaceFinder",
    "FrameEmbedder",
    "FrameFetch",
    "FrameSelector",
    "FrameSource",
    "LexicalIndex",
    "MediaProbe",
    "MediaStore",
    "ObjectDetector",
    "QueryFrameSelector",
    "Reranker",
    "Retriever",
    "Runtime",
    "SceneDescriber",
    "SegmentIndex",
    "ShotDetector",
    "SoundTagger",
    "StageStore",
    "SubtitleSource",
    "TextEmbedder",
    "TextReader",
    "TrackStore",
    "Transcriber",
    "VideoLibrary",
    "VisionLanguageModel",
    "scene_describer",
]
