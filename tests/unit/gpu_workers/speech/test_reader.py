"""What is believed of words of which Whisper is unsure."""

from __future__ import annotations

from types import SimpleNamespace

import faster_whisper
import numpy as np
import pytest

from app.core.types import TimeSpan
from gpu_workers.speech.reader import SpeechReader

SPOKEN = TimeSpan(0.0, 4.0)


def read(monkeypatch, log_probability, no_speech, speech, regions=(SPOKEN,)):
    """The words that are believed, and how often Whisper was asked for them."""
    beams = []

    class Pipeline:
        def __init__(self, model):
            del model

        def transcribe(self, sound, *, clip_timestamps, beam_size, **options):
            del sound, options
            beams.append(beam_size)
            word = SimpleNamespace(word=" réunion", start=1.0, end=3.5, probability=0.4)
            segments = [
                SimpleNamespace(
                    seek=int(clip["start"] * 100),
                    text=word.word,
                    words=[word],
                    avg_logprob=log_probability,
                    no_speech_prob=no_speech,
                )
                for clip in clip_timestamps
            ]
            return segments, None

    monkeypatch.setattr(faster_whisper, "BatchedInferencePipeline", Pipeline)
    reader = SpeechReader(
        SimpleNamespace(frames_per_second=100), np.zeros(16_000 * 8, np.float32), 4, "transcribe", "", speech
    )
    return [word.written.strip() for word in reader.read_all(list(regions), ["fr"], None)], beams


def test_unsure_words_are_believed_where_both_detectors_hear_speech(monkeypatch):
    assert read(monkeypatch, -1.2, 0.1, [SPOKEN]) == (["réunion"], [1, 5])


@pytest.mark.parametrize(
    ("log_probability", "no_speech", "speech"),
    [(-1.2, 0.1, []), (-1.2, 0.5, [SPOKEN]), (-1.8, 0.1, [SPOKEN]), (-1.2, 0.1, [TimeSpan(0.0, 1.0)])],
)
def test_unsure_words_are_dropped_where_the_evidence_for_speech_is_weaker(
    monkeypatch, log_probability, no_speech, speech
):
    found, beams = read(monkeypatch, log_probability, no_speech, speech)
    assert found == [] and beams == [1, 5], "a window that failed is not read a third time"


def test_voice_is_read_again_where_words_are_missing_in_a_part_of_it(monkeypatch):
    found, beams = read(monkeypatch, -0.3, 0.1, [], regions=[TimeSpan(0.0, 4.0), TimeSpan(4.1, 7.0)])
    assert beams == [1, 1] and "réunion" in found
