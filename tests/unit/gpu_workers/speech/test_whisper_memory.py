"""Whisper reads fewer pieces at a time when the memory of its device runs out."""

from __future__ import annotations

from types import SimpleNamespace

import faster_whisper
import numpy as np
import pytest

from app.core.types import TimeSpan
from gpu_workers.speech.reader import SpeechReader

FULL = "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"


def reader(monkeypatch, most, problem=FULL):
    """A reader whose model decodes at most so many pieces at a time, and the batches that it was given."""
    batches = []

    class Pipeline:
        def __init__(self, model):
            del model

        def transcribe(self, sound, *, clip_timestamps, batch_size, **options):
            del sound, options
            batches.append(batch_size)

            def segments():
                if batch_size > most:
                    raise RuntimeError(problem)
                yield from (SimpleNamespace(seek=int(clip["start"] * 100)) for clip in clip_timestamps)

            return segments(), None

    monkeypatch.setattr(faster_whisper, "BatchedInferencePipeline", Pipeline)
    model = SimpleNamespace(frames_per_second=100)
    return SpeechReader(model, np.zeros(16_000 * 8, np.float32), 16, "transcribe"), batches


def test_the_batch_is_halved_until_it_fits_and_stays_so(monkeypatch):
    made, batches = reader(monkeypatch, most=4)
    pieces = [TimeSpan(float(second), second + 1.0) for second in range(8)]
    found = made._decode(pieces, "en")
    assert [len(segments) for segments in found] == [1] * 8
    made._decode(pieces, "en")
    assert batches == [16, 8, 4, 4]


@pytest.mark.parametrize(("most", "problem"), [(0, FULL), (4, "The sound is too short.")])
def test_what_does_not_fit_at_all_and_other_faults_are_raised(monkeypatch, most, problem):
    made, batches = reader(monkeypatch, most, problem)
    with pytest.raises(RuntimeError, match=problem):
        made._decode([TimeSpan(0.0, 1.0)], "en")
    assert batches == ([16, 8, 4, 2, 1] if most == 0 else [16])
