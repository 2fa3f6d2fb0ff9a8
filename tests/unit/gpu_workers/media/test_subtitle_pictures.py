"""Bitmaps of discs and broadcasts become bright letters on black, whatever their colours are called."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gpu_workers.media.subtitle_pictures import BitmapReader

LETTER = np.array([[0, 1, 0], [0, 1, 2]], np.uint8)
"""Background, letter and outline by their numbers."""


def rect(pixels: np.ndarray, y: int = 0) -> SimpleNamespace:
    height, width = pixels.shape
    return SimpleNamespace(x=0, y=y, width=width, height=height, planes=(pixels.tobytes(),))


def shown(codec: str, packet: bytes, *rects: SimpleNamespace) -> list[list[int]]:
    image = BitmapReader(codec).picture(rects, packet)
    assert image is not None and (image[..., 0] == image[..., 2]).all()
    rows = np.flatnonzero(image[..., 0].any(axis=1))
    columns = np.flatnonzero(image[..., 0].any(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, 0].tolist()


def clut(*entries: bytes) -> bytes:
    body = b"\x00\x00" + b"".join(entries)
    return b"\x20\x00\x0f\x12\x00\x01" + len(body).to_bytes(2, "big") + body + b"\xff"


def pgs(*entries: tuple[int, int, int]) -> bytes:
    body = b"\x00\x00" + b"".join(bytes([number, luma, 128, 128, opaque]) for number, luma, opaque in entries)
    return b"\x16\x00\x01\x00" + b"\x14" + len(body).to_bytes(2, "big") + body


def test_the_colours_of_a_blu_ray_disc_are_in_its_packets():
    packet = pgs((0, 255, 0), (1, 200, 255), (2, 200, 51))
    assert shown("hdmv_pgs_subtitle", packet, rect(LETTER)) == [[200, 0], [200, 40]]


@pytest.mark.parametrize("whole", [True, False], ids=["bytes", "bits"])
def test_the_colours_of_a_broadcast_are_in_its_packets(whole):
    if whole:
        entries = [bytes([0, 0xE1, 0, 128, 128, 255]), bytes([1, 0xE1, 200, 128, 128, 0])]
    else:
        entries = [bytes([0, 0xE0, 0, 3]), bytes([1, 0xE0, 200, 0])]
    black = bytes([2, 0xE1, 16, 128, 128, 0])
    assert shown("dvb_subtitle", clut(*entries, black), rect(LETTER)) == [[200, 0], [200, 16]]


def test_colours_hold_until_others_are_set():
    reader = BitmapReader("hdmv_pgs_subtitle")
    assert reader.picture([], pgs((1, 220, 255))) is None
    image = reader.picture([rect(LETTER)], b"")
    assert image is not None and image.max() == 220


def test_on_a_dvd_the_numbers_say_what_is_letter_and_what_is_outline():
    assert shown("dvd_subtitle", b"", rect(LETTER)) == [[255], [255]]


def test_dark_letters_are_shown_bright():
    assert shown("dvd_subtitle", b"", rect(np.array([[0, 0, 0], [0, 2, 0]], np.uint8))) == [[255]]


def test_lines_stand_below_each_other_in_the_order_of_the_screen():
    low, high = rect(np.full((2, 2), 3, np.uint8), y=600), rect(np.full((1, 2), 1, np.uint8), y=20)
    rows = shown("dvd_subtitle", b"", low, high)
    assert rows[0] == [255, 255] and rows[-1] == [128, 128]


@pytest.mark.parametrize("codec", ["hdmv_pgs_subtitle", "dvb_subtitle", "dvd_subtitle", "xsub"])
def test_any_bytes_are_harmless(codec):
    dice = np.random.default_rng(0)
    for size in range(0, 400, 7):
        packet = dice.integers(0, 256, size, dtype=np.uint8).tobytes()
        assert BitmapReader(codec).picture([rect(LETTER)], packet) is not None
