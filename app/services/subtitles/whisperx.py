"""The JSON that whisperX writes becomes utterances."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

from app.core.errors import BadInput
from app.core.paths import readable
from app.core.types import TimeSpan, Utterance, Word
from app.services.subtitles.cue import HINT, LeftOut

_NOT_READABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What a segment or a word of another form raises."""


def is_transcript(content: Any) -> bool:
    """Whether the contents of a JSON file look like those that whisperX writes."""
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list) or not segments:
        return False
    return any(isinstance(one, dict) and "start" in one for one in segments)


def read(text: str, left_out: LeftOut) -> list[Utterance]:
    """What was said, by start time, and note of what could not be read. Raises BadInput for any other JSON."""
    try:
        segments = list(json.loads(text)["segments"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("The JSON is not a transcript by whisperX.", HINT) from error
    said: list[Utterance] = []
    for number, segment in enumerate(segments, start=1):
        try:
            words = []  # those that whisperX could not place in time are left out; the sentence keeps them
            for word in segment.get("words") or ():
                with suppress(*_NOT_READABLE):
                    score = float(word.get("score", 1.0))  # NaN, which is no JSON, where it is not known
                    within = TimeSpan(float(word["start"]), float(word["end"]))
                    words.append(Word(readable(str(word["word"])), within, score if math.isfinite(score) else 1.0))
            span = TimeSpan(float(segment["start"]), float(segment["end"]))
            sentence = " ".join(readable(str(segment["text"])).split())
            speaker = readable(str(segment.get("speaker") or "")) or None
            said.append(Utterance(span, sentence, tuple(words), speaker))
        except _NOT_READABLE:
            left_out.add(number, f"Segment {number} has no text, or no time range.")
    return sorted((one for one in said if one.text), key=lambda one: one.span.start_s)
