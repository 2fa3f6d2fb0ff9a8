"""What only the real reader promises: small text, real videos, a cheap glance, no network."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.core.settings import Settings
from app.core.types import Frame
from gpu_workers.vision.rapidocr import RapidOCRReader

pytestmark = pytest.mark.slow
SMALL = ["Budget of the Harbour Project 2026", "(see appendix B, page 17)"]


@pytest.fixture(scope="module")
def reader():
    return RapidOCRReader.from_settings(Settings(), None)


def slide(lines, font) -> Frame:
    picture = Image.new("RGB", (1280, 720), (250, 250, 245))
    pen = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        pen.text((60, 60 + index * font * 2), line, fill=(20, 20, 40), font=ImageFont.load_default(font))
    return Frame(0.0, np.asarray(picture))


def shown(path, time_s) -> Frame:
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        container.seek(int(time_s / stream.time_base), stream=stream)
        last = None
        for frame in container.decode(stream):
            if frame.time > time_s and last is not None:
                break
            last = frame
        return Frame(time_s, last.to_ndarray(format="rgb24"))


@pytest.mark.parametrize("font", [12, 20])
def test_small_letters_on_a_slide_are_read_with_their_spaces(reader, font):
    assert [line.text for line in reader.read(slide(SMALL, font))] == SMALL


def test_the_first_use_opens_no_connection(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the reader tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert RapidOCRReader(Settings()).read(slide(SMALL, 20))


def test_nothing_is_printed(reader, capfd):
    reader.unload()
    reader.read(slide(SMALL, 20))
    reader.read(Frame(0.0, np.zeros((100, 100, 3), dtype=np.uint8)))
    assert capfd.readouterr() == ("", "")


def test_a_glance_tells_slides_from_gradients(reader):
    ramp = np.linspace(0, 255, 1280, dtype=np.uint8)
    assert reader.may_hold_text(slide(SMALL, 14))
    assert not reader.may_hold_text(Frame(0.0, np.broadcast_to(ramp[None, :, None], (720, 1280, 3))))


@pytest.mark.parametrize(
    ("file", "time_s", "words"),
    [
        ("uniteai_screencast.webm", 25, "C-c l v"),
        ("uniteai_screencast.webm", 65, "Ha ha, T5 is such a crappy model."),
        ("uniteai_screencast.webm", 123, "contributions to this project. Let's make it dope AF!"),
        ("echo_kinetic_text.webm", 8.5, "echo the omega"),
        ("bipbop_timecode_30min.mp4", 900, "026973"),
        ("bipbop_timecode_30min.mp4", 300, "NTSC SQUARE 416 × 234 16x9 - GEAR 1"),
        ("maui_apple.mp4", 10, "using Microsoft.Maui;"),
        ("manifesto_audiobook.mp4", 5, "Audible Socialism"),
        ("big_buck_bunny_full.mp4", 497, "SACHA GOEDEGEBURE Director"),
        ("big_buck_bunny_full.mp4", 500.5, "MUSIC AND SOUND DESIGN Jan Morgenstern"),
    ],
)
def test_real_videos_are_read_word_by_word(reader, shared_videos, file, time_s, words):
    assert words in " ".join(line.text for line in reader.read(shown(shared_videos / file, time_s)))


@pytest.mark.parametrize(("file", "time_s"), [("cars.mp4", 20), ("bottles.mp4", 20), ("big_buck_bunny_full.mp4", 90)])
def test_real_pictures_without_text_give_no_lines(reader, shared_videos, file, time_s):
    assert reader.read(shown(shared_videos / file, time_s)) == []
