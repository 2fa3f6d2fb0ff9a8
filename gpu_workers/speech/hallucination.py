"""Filters out text that Whisper invents when nobody speaks. Knows no model.

The limits on the compression ratio and the two probabilities come from Whisper's own decoder
(Radford et al. 2022, section 4.5). On silence and music, Whisper also writes closing phrases that are frequent
in its training videos. They are common in real speech too, so they are dropped only if the model
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
LEAST_PLAUSIBLE = -1.5
"""Whisper base was seen to write an unclear voice in French with -1.12, with half of the words right."""
NO_SPEECH = 0.6
LEAST_VOICE = 0.3
"""Share of a sentence that must overlap a voice region."""

SURE = 0.7
"""Mean word probability above which a typical phrase is accepted."""

REPEATS = 3
"""The same sentence this many times in a row is a decoder loop, unless the model is sure of it."""

_TYPICAL = re.compile(
    r"(?:thank(?:s| you)(?: (?:so|very) much)?(?: for (?:watching|listening|your attention).*)?|you|bye(?:[ -]bye)?|"
    r"okay|oh|please subscribe.*|(?:like|don't forget) .*subscribe.*|see you (?:next time|in the next.*)|"
    r"subtitles? by.*|sous-titr.*|untertitel.*|amara org.*|music|applause|laughter|i'm sorry|the end)"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The decoder's scores for one piece of text."""

    text: str
    log_probability: float
    """Mean over the tokens."""
    no_speech: float
    """Probability that nobody speaks here."""


def is_failed(decoded: Decoded) -> bool:
    """Whether a piece of text failed as a whole: a loop, a guess, or text without speech."""
    if compression_ratio(decoded.text) > MOST_REPETITIVE or decoded.log_probability < LEAST_LOG_PROBABILITY:
        return True
    return decoded.no_speech > NO_SPEECH and decoded.log_probability < LEAST_LOG_PROBABILITY / 2


def is_plausible(decoded: Decoded) -> bool:
    """Whether a piece of text may be a guess at real words, where it is certain that somebody speaks."""
    return (
        compression_ratio(decoded.text) <= MOST_REPETITIVE
        and decoded.log_probability >= LEAST_PLAUSIBLE
        and decoded.no_speech <= NO_SPEECH / 2
    )


def compression_ratio(text: str) -> float:
    """The size of a text divided by its zlib-compressed size; high for text that repeats itself."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def believed(sentences: Sequence[Utterance], voice: Sequence[TimeSpan], terms: Sequence[str] = ()) -> list[Utterance]:
    """The sentences, in order, without the invented ones. `terms` are the names that the model was given."""
    names = {word for term in terms for word in _plain(term).split()}
    spoken = []
    for sentence in sentences:
        plain = _plain(sentence.text)
        words = plain.split()
        is_typical = _TYPICAL.fullmatch(plain) is not None
        is_echo = len(words) >= REPEATS and names.issuperset(words)  # it only repeats names that the model was given
        is_invented = sentence.confidence < SURE and (is_typical or is_echo)
        if plain and not is_invented and voiced_share(sentence.span, voice) >= LEAST_VOICE:
            spoken.append(sentence)
    real: list[Utterance] = []
    for _, group in groupby(spoken, key=lambda sentence: _plain(sentence.text)):
        run = list(group)
        doubtful = len(run) >= REPEATS and min(sentence.confidence for sentence in run) < SURE
        real += [] if doubtful else run
    return real


def _plain(text: str) -> str:
    """Lower-case words without punctuation."""
    return " ".join(re.findall(r"[\w'-]+", text.lower()))
