"""The nouns of Longreel: times, videos, their contents, and answers.

Every type is a frozen dataclass. Times are seconds on the video's own clock, which starts at
zero with the first presented frame or sample: a stream's start offset is subtracted once, by the
media reader, and nowhere else. `to_json` and `from_json` turn any of these types into plain data
and back.
"""

from app.core.types.answers import Answer, AnswerStatus, Chapter, Citation, Digest, Turn, Usage
from app.core.types.chat import Capabilities, Completion, Message, Part, ToolCall, ToolSpec, text_tokens
from app.core.types.found import (
    Caption,
    Detection,
    Evidence,
    IndexComparison,
    KeyFrame,
    ScreenText,
    Segment,
    SegmentKind,
    SoundSpan,
    TextLine,
    Transcript,
    Utterance,
    Word,
    main_language,
)
from app.core.types.media import (
    DEFAULT_SOUND,
    AudioStream,
    FileChapter,
    FileTags,
    Frame,
    MediaInfo,
    SoundChoice,
    SubtitleTrack,
    Video,
    VideoId,
    VideoStream,
)
from app.core.types.models import AudioMap, Face, FrameFeatures
from app.core.types.plain import from_json, to_json
from app.core.types.span import TimeSpan, evenly, joined
from app.core.types.voices import Diarization, Likeness, Speaker, Voice, VoiceTurn

__all__ = [
    "DEFAULT_SOUND",
    "Answer",
    "AnswerStatus",
    "AudioMap",
    "AudioStream",
    "Capabilities",
    "Caption",
    "Chapter",
    "Citation",
    "Completion",
    "Detection",
    "Diarization",
    "Digest",
    "Evidence",
    "Face",
    "FileChapter",
    "FileTags",
    "Frame",
    "FrameFeatures",
    "IndexComparison",
    "KeyFrame",
    "Likeness",
    "MediaInfo",
    "Message",
    "Part",
    "ScreenText",
    "Segment",
    "SegmentKind",
    "SoundChoice",
    "SoundSpan",
    "Speaker",
    "SubtitleTrack",
    "TextLine",
    "TimeSpan",
    "ToolCall",
    "ToolSpec",
    "Transcript",
    "Turn",
    "Usage",
    "Utterance",
    "Video",
    "VideoId",
    "VideoStream",
    "Voice",
    "VoiceTurn",
    "Word",
    "evenly",
    "from_json",
    "joined",
    "main_language",
    "text_tokens",
    "to_json",
]
