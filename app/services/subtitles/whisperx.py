"""The JSON that whisperX writes becomes utterances."""

from __future__ import annotations

import json
import math
from typing import Any

from app.core.errors import BadInput
from app.core.types import TimeSpan, Utterance, Word
from app.services.subtitles.cue import HINT


def is_transcript(content: Any) -> bool:
    """Whether the contents of a JSON file look like those that whisperX writes."""
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list) or not segments:
        return False
    return all(isinstance(one, dict) and "start" in one for one in segments)


def read(text: str) -> list[Utterance]:
    """What was said, by start time. Raises BadInput for any other JSON."""
    said: list[Utterance] = []
    try:
        for segment in json.loads(text)["segments"]:
            words = []  # those that whisperX could not place in time are left out; the sentence keeps them
            for word in segment.get("words", ()):
                if "start" in word and "end" in word:
                    score = float(word.get("score", 1.0))  # NaN, which is no JSON, where it is not known
                    within = TimeSpan(float(word["start"]), float(word["end"]))
                    words.append(Word(str(word["word"]), within, score if math.isfinite(score) else 1.0))
            span = TimeSpan(float(segment["start"]), float(segment["end"]))
            sentence = " ".join(str(segment["text"]).split())
            said.append(Utterance(span, sentence, tuple(words), segment.get("speaker") or None))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadInput("The JSON is not a transcript by whisperX.", HINT) from error
    return sorted((one for one in said if one.text), key=lambda one: one.span.start_s)
