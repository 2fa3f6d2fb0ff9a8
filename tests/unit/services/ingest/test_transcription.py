"""A chunk is heard as the person wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from app.core.errors import MissingPart
from app.core.types import TimeSpan, Transcript
from app.services.ingest.chunks import ChunkReader, DiarizeCall, ListenCall


class Ears:
    model = "ears"

    def __init__(self) -> None:
        self.asked: list[tuple[int, str | None, bool]] = []

    def samples(self, path: Path, span: TimeSpan, choice: Any = None) -> Any:
        return np.zeros(round(span.duration_s * 10))

    def transcribe(self, samples: Any, *, language: str | None, translate: bool = False) -> Transcript:
        self.asked.append((len(samples), language, translate))
        return Transcript((), language)


def reader(ears: Ears) -> ChunkReader:
    nothing = cast("Any", None)
    return ChunkReader(nothing, cast("Any", ears), ears, nothing, nothing, nothing, nothing, nothing)


def test_a_chunk_is_transcribed_or_translated_in_its_language() -> None:
    ears = Ears()
    for translate in (False, True):
        reader(ears).listen(ListenCall("talk.mp4", TimeSpan(5, 9), "de", translate), lambda share: None)
    assert ears.asked == [(40, "de", False), (40, "de", True)]


def test_speakers_are_not_separated_without_a_model_for_it() -> None:
    with pytest.raises(MissingPart, match="No model separates speakers"):
        reader(Ears()).diarize(DiarizeCall("talk.mp4", TimeSpan(0, 1)), lambda share: None)
