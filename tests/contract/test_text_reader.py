"""Every TextReader."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.core.ports import TextReader
from app.core.settings import Settings
from app.core.types import Frame
from gpu_workers.vision.fakes import FakeTextReader
from gpu_workers.vision.rapidocr import RapidOCRReader

LINES = ["Harbour project 2026", "new quay wall, 310 m", "page 17 of 40"]


def drawn(lines, size=(720, 1280), font=36) -> np.ndarray:
    picture = Image.new("RGB", (size[1], size[0]), (250, 250, 245))
    pen = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        pen.text((60, 60 + index * font * 2), line, fill=(20, 20, 40), font=ImageFont.load_default(font))
    return np.asarray(picture)


def written(lines, size=(720, 1280), font=36) -> np.ndarray:
    return FakeTextReader.write(np.full((*size, 3), 200, dtype=np.uint8), lines)


REAL = pytest.param((RapidOCRReader, drawn), marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[REAL, (FakeTextReader, written)], ids=["RapidOCRReader", "FakeTextReader"])
def pair(request):
    kind, picture = request.param
    return kind.from_settings(Settings(), None), picture


def test_it_plays_the_port(pair):
    assert isinstance(pair[0], TextReader) and pair[0].model


@pytest.mark.parametrize("size", [(720, 1280), (360, 640), (500, 700)])
def test_lines_come_from_top_to_bottom_word_by_word(pair, size):
    reader, picture = pair
    lines = reader.read(Frame(3.0, picture(LINES, size)))
    assert [line.text for line in lines] == LINES
    tops = [line.box[1] for line in lines]
    assert tops == sorted(tops)
    for line in lines:
        left, top, right, bottom = line.box
        assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1 and 0.5 < line.confidence <= 1


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_has_no_lines(pair, value):
    assert pair[0].read(Frame(0.0, np.full((720, 1280, 3), value, dtype=np.uint8))) == []


@pytest.mark.parametrize("size", [(1, 1), (8, 600), (600, 8)])
def test_pictures_of_odd_sizes_are_no_trouble(pair, size):
    assert pair[0].read(Frame(0.0, np.full((*size, 3), 90, dtype=np.uint8))) == []


def test_reading_twice_gives_the_same(pair):
    reader, picture = pair
    frame = Frame(0.0, picture(LINES))
    assert reader.read(frame) == reader.read(frame)


def test_a_glance_finds_text_and_passes_over_blank_pictures(pair):
    reader, picture = pair
    assert reader.may_hold_text(Frame(0.0, picture(LINES)))
    assert not reader.may_hold_text(Frame(0.0, np.full((720, 1280, 3), 128, dtype=np.uint8)))
