"""Subtitle files become utterances, and utterances become subtitle files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from app.core.errors import BadInput
from app.core.ports import SubtitleSource
from app.core.types import TimeSpan, Utterance
from app.services.subtitles import other_formats, subrip, ttml, whisperx
from app.services.subtitles.cue import HINT, Cue, LeftOut, spoken
from app.services.subtitles.encodings import decode
from app.services.subtitles.rolling import unrolled
from app.services.subtitles.whisperx import is_transcript
from app.services.subtitles.writing import to_srt, to_vtt

__all__ = [
    "HINT",
    "SUFFIXES",
    "USUAL_FPS",
    "from_texts",
    "is_matroska",
    "is_transcript",
    "matroska_text",
    "parse",
    "read_text",
    "to_srt",
    "to_vtt",
]

SUFFIXES = (".srt", ".vtt", ".sbv", ".ttml", ".dfxp", ".xml", ".ass", ".ssa", ".sub", ".mpl", ".smi", ".sami", ".mks")
"""The endings of subtitle files that are read; a .txt or .json may be one, too."""
LARGEST_BYTES = 100_000_000
"""No subtitle file is larger: a million cues fit."""
USUAL_FPS = 25.0
"""Good enough to see whether subtitles that count frames can be read at all."""

_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|&(?:lrm|rlm);")
"""Marks of the direction of writing; within words, they keep them from being found."""
_JSON = re.compile(r"\s*\{(?!\s*(?:\d+|DEFAULT)\s*\}\s*\{)")


def parse(
    data: bytes | str,
    *,
    fps: float | None = None,
    language: str | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Utterance]:
    """What a subtitle file says, by start time; cues without text are left out.

    A cue that cannot be read is left out, too, and `warn` hears of it. `fps` is the frame rate of the video, for
    formats that count frames; `language` (ISO 639-1) helps to recognize an old encoding.
    Raises BadInput for what is no subtitle file, where it can with the line number.
    """
    text = data if isinstance(data, str) else decode(data, language)
    text = _DIRECTION.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    left_out, said, cues = LeftOut(), list[Utterance](), list[Cue]()
    if _JSON.match(text):
        said = whisperx.read(text, left_out)
    elif ttml.looks_like_ttml(text):
        cues = ttml.read(text, left_out)
    elif format := other_formats.detect_format(text):
        cues = other_formats.read(text, format, fps, left_out)
    elif subrip.looks_like_sbv(lines := text.split("\n")):
        cues = subrip.read_sbv(lines, left_out)
    else:
        cues = subrip.read(lines, left_out)
    if not (said or cues) and left_out.first:
        raise BadInput(f"These subtitles cannot be read. {left_out.first}", HINT)
    warning = left_out.warning()
    if warning:
        warn(warning)
    return said or [cue.utterance() for cue in unrolled(cues)]


def read_text(path: Path, language: str | None, tracks: SubtitleSource | None) -> str:
    """The text of a subtitle file, whatever its encoding; see `parse`. Raises BadInput.

    `tracks` reads the subtitles of a Matroska file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Give a file with subtitles.") from error
    if is_matroska(data):
        return matroska_text(path, tracks)
    if len(data) > LARGEST_BYTES:
        raise BadInput(f"{path.name} is too large for subtitles: {path.stat().st_size / 1e6:.0f} MB.", HINT)
    return decode(data, language)


def is_matroska(data: bytes) -> bool:
    """Whether a file is a Matroska container, as its first bytes show."""
    return data.startswith(b"\x1aE\xdf\xa3")


def matroska_text(path: Path, source: SubtitleSource | None) -> str:
    """The best text track of a Matroska file, such as .mks, as SubRip. Raises BadInput if it has none."""
    tracks = [track for track in source.tracks(path) if track.is_text] if source is not None else []
    if source is None or not tracks:
        raise BadInput(f"{path.name} is a Matroska file in which no subtitles of text can be read.", HINT)
    chosen = min(tracks, key=lambda track: (track.forced, not track.default, track.index))
    return to_srt(from_texts(source.texts(path, chosen.index)))


def from_texts(texts: Iterable[tuple[TimeSpan, str]]) -> list[Utterance]:
    """What the subtitles of a track say, by start time: tags leave the text, and lines that roll come once."""
    cues = [cue for span, text in texts for cue in spoken(span, re.split(r"\\[Nn]|\n", text))]
    return [cue.utterance() for cue in unrolled(cues)]
