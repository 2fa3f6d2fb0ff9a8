"""Files that do not join the library are transcribed chunk by chunk, until nobody wants them any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput, Cancelled
from app.core.types import Transcript
from app.services.hearing import HearingService
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.speech.fakes import FakeTranscriber
from tests.media_files import write_media


def test_a_file_in_which_nobody_speaks_is_as_long_as_its_sound(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mp4", tones_hz=[300.0], sound_s=9.0)

    class Deaf(FakeTranscriber):
        def transcribe(self, *_: Any, **__: Any) -> Transcript:
            return Transcript((), None)

    heard = HearingService(PyAVAudio, Deaf, chunk_s=120).transcribe(film)
    assert heard.utterances == () and heard.duration_s == pytest.approx(9.0, abs=0.2)


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    film = write_media(tmp_path / "film.mp4", times_s=[0.0, 0.5, 1.0])
    with pytest.raises(BadInput, match=r"film\.mp4 has no sound"):
        HearingService(PyAVAudio, FakeTranscriber, chunk_s=120).transcribe(film)


def test_a_file_that_nobody_wants_any_more_is_left_at_the_next_chunk(tmp_path: Path) -> None:
    film, chunks = write_media(tmp_path / "film.mp4", tones_hz=[300.0], sound_s=30.0), list[int]()

    class Counting(FakeTranscriber):
        def transcribe(self, *given: Any, **named: Any) -> Transcript:
            chunks.append(1)
            return super().transcribe(*given, **named)

    service = HearingService(PyAVAudio, Counting, chunk_s=5)
    assert len(service.transcribe(film).utterances) > 0 and len(chunks) > 2
    chunks.clear()
    with pytest.raises(Cancelled):
        service.transcribe(film, cancelled=lambda: bool(chunks))
    assert len(chunks) == 1
