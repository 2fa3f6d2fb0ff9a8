"""A chunk is heard as the person wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.types import AudioMap, TimeSpan, Transcript, Utterance
from app.services.ingest.calls import ListenCall, SoundCall
from app.services.ingest.chunks import ChunkReader
from app.services.ingest.stages.audio import AUDIO, gap_notes, undecodable_notes
from app.services.ingest.stages.transcribe import language_notes, missed_notes
from gpu_workers.media.fakes import FAKE_MEDIA


class Ears:
    model = "ears"

    def __init__(self) -> None:
        self.asked: list[tuple[int, Any, bool]] = []

    def samples(self, path: Path, span: TimeSpan, choice: Any = None) -> Any:
        return np.zeros(round(span.duration_s * 10))

    def transcribe(self, samples: Any, *, languages: Any, translate: bool, **hints: Any) -> Transcript:
        self.asked.append((len(samples), languages, translate))
        return Transcript((), None)


def reader(ears: Ears) -> ChunkReader:
    nothing = cast("Any", None)
    return ChunkReader(nothing, cast("Any", ears), ears, nothing, nothing, nothing, nothing, nothing)


def test_a_chunk_is_transcribed_or_translated_in_its_language() -> None:
    ears = Ears()
    for translate in (False, True):
        reader(ears).listen(ListenCall("talk.mp4", TimeSpan(5, 9), ("de",), translate=translate), lambda share: None)
    assert ears.asked == [(40, ("de",), False), (40, ("de",), True)]


def said(language: str, start_s: float, confidence: float) -> Utterance:
    return Utterance(TimeSpan(start_s, start_s + 4), "Words.", (), None, confidence, language)


def test_a_warning_names_the_language_that_was_mostly_guessed() -> None:
    heard = [said("en", 0, 0.9), said("th", 60, 0.2), said("th", 70, 0.5), said("en", 80, 0.4)]
    notes = language_notes(heard)
    assert len(notes) == 1 and "'th' (8 s, from 1:00)" in notes[0]
    assert language_notes(heard, least_share=0.5) == notes and language_notes(heard, least_share=0.51) == []


def test_a_warning_says_where_voices_were_not_understood() -> None:
    (note,) = missed_notes([TimeSpan(28, 34), *(TimeSpan(at, at + 5) for at in range(100, 170, 10))])
    assert "0:28" in note and "and 2 more times" in note
    assert missed_notes([]) == []


def test_speakers_are_not_separated_without_a_model_for_it() -> None:
    with pytest.raises(MissingPart, match="No model separates speakers"):
        reader(Ears()).diarize(SoundCall("talk.mp4", TimeSpan(0, 1)), lambda share: None)


def test_gaps_in_the_sound_are_named_also_when_its_survey_was_stored() -> None:
    gaps = tuple(TimeSpan(10.0 * number, 10.0 * number + 1.5) for number in range(1, 8))
    sound = AudioMap(np.ones(90, np.float32), 0.1, (TimeSpan(0, 90),), gaps=gaps)
    stored = AUDIO.codec.unpack(AUDIO.codec.pack(sound))
    named = "0:10-0:11, 0:20-0:21, 0:30-0:31, 0:40-0:41, 0:50-0:51 and 2 more"
    assert gap_notes(stored) == [f"The sound is missing for 10.5 s ({named})."]
    assert not gap_notes(AudioMap(np.ones(90, np.float32), 0.1, (TimeSpan(0, 90),)))


def test_a_track_of_which_nothing_can_be_decoded_is_named() -> None:
    nothing = AudioMap(np.zeros(0, np.float32), 0.1, ())
    assert undecodable_notes(FAKE_MEDIA, nothing) == ["The sound cannot be decoded and is left out."]
