"""What Whisper writes when nobody speaks, and how to tell it from speech. Knows no model.

The limits on the compression ratio and the two probabilities are those of Whisper's own decoder
(Radford et al. 2022, section 4.5). On silence and music it also writes phrases that end many of the
videos it was trained on; they are common in real speech too, and are only dropped where the model
itself is unsure of them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from app.core.types import TimeSpan, Utterance
from gpu_workers.speech.vad import voiced_share

MOST_REPETITIVE = 2.4
LEAST_LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
LEAST_VOICE = 0.3
"""Share of a sentence that must lie in a voice region."""

SURE = 0.7
"""Mean word probability from which a typical phrase is believed."""

REPEATS = 3
"""This many times the same sentence in a row is one loop of the decoder, unless the model is sure of it."""

_TYPICAL = re.compile(
    r"(?:thank(?:s| you)(?: (?:so|very) much)?(?: for (?:watching|listening|your attention).*)?|you|bye(?:[ -]bye)?|"
    r"okay|oh|please subscribe.*|(?:like|don't forget) .*subscribe.*|see you (?:next time|in the next.*)|"
    r"subtitles? by.*|sous-titr.*|untertitel.*|amara org.*|music|applause|laughter|i'm sorry|the end)"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the decoder thinks of one piece of text."""

    text: str
    log_probability: float
    """Mean over its tokens."""
    no_speech: float
    """Probability that nobody speaks in the piece."""


def is_failed(decoded: Decoded) -> bool:
    """Whether a piece of text went wrong as a whole: a loop, a guess, or text for no speech."""
    if compression_ratio(decoded.text) > MOST_REPETITIVE or decoded.log_probability < LEAST_LOG_PROBABILITY:
        return True
    return decoded.no_speech > NO_SPEECH and decoded.log_probability < LEAST_LOG_PROBABILITY / 2


def compression_ratio(text: str) -> float:
    """Bytes of a text divided by its bytes after zlib; high for text that repeats itself."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def believed(sentences: Sequence[Utterance], voice: Sequence[TimeSpan]) -> list[Utterance]:
    """The sentences without those that were invented, in order."""
    spoken = [sentence for sentence in sentences if not _is_invented(sentence, voice)]
    kept: list[Utterance] = []
    for _, group in groupby(spoken, key=lambda sentence: _plain(sentence.text)):
        run = list(group)
        doubtful = len(run) >= REPEATS and min(sentence.confidence for sentence in run) < SURE
        kept += [] if doubtful else run
    return kept


def _is_invented(sentence: Utterance, voice: Sequence[TimeSpan]) -> bool:
    plain = _plain(sentence.text)
    if not plain or voiced_share(sentence.span, voice) < LEAST_VOICE:
        return True
    return sentence.confidence < SURE and _TYPICAL.fullmatch(plain) is not None


def _plain(text: str) -> str:
    """Lower-case words without punctuation."""
    return " ".join(re.findall(r"[\w'-]+", text.lower()))
