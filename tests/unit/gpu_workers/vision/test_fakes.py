from __future__ import annotations

import numpy as np
import pytest

from app.core.types import Frame
from gpu_workers.vision.fakes import FakeFrameEmbedder, FakeTextReader


def test_a_colour_word_finds_the_picture_of_that_colour():
    embedder = FakeFrameEmbedder()
    frames = [Frame(0.0, np.full((20, 20, 3), colour, dtype=np.uint8)) for colour in ((255, 0, 0), (0, 0, 255))]
    red, blue = embedder.embed(frames)
    query = embedder.embed_query("something blue")
    assert blue.concept @ query > red.concept @ query


def test_text_that_does_not_fit_into_the_picture_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        FakeTextReader.write(np.zeros((2, 2, 3), dtype=np.uint8), ["a long line"])
