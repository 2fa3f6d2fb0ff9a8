"""Subtitle tracks of pictures, as a Blu-ray disc has them (PGS), written byte by byte: no encoder for them exists."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.core.types import TimeSpan

WIDTH, HEIGHT = 1280, 720
_PALETTE, _OBJECT, _COMPOSITION, _WINDOW, _END = 0x14, 0x15, 0x16, 0x17, 0x80


def text_bitmap(text: str) -> NDArray[np.uint8]:
    """Palette indices of a line of text: 0 transparent, 1 white."""
    image = Image.new("L", (32 + 22 * len(text), 64))
    ImageDraw.Draw(image).text((16, 8), text, fill=255, font=ImageFont.load_default(40))
    return (np.asarray(image) > 96).astype(np.uint8)


def write_pgs(path: Path, shown: Sequence[tuple[TimeSpan, str]], language: str = "eng") -> Path:
    """A silent grey film of six seconds with one track of pictures of these texts."""
    sup = path.with_suffix(".sup")
    sup.write_bytes(b"".join(_presented(span, text_bitmap(text)) for span, text in shown))
    with av.open(str(path), "w") as out, av.open(str(sup)) as given:
        film = out.add_stream("mpeg4", rate=5)
        film.width, film.height = 64, 48
        track = out.add_stream_from_template(given.streams.subtitles[0])
        track.metadata["language"] = language
        packets = [*_grey(film), *(one for one in given.demux() if one.size)]
        for packet in sorted(packets, key=lambda one: float((one.pts or 0) * one.time_base)):
            if packet.stream.type == "subtitle":
                packet.stream = track
            out.mux(packet)
    return path


def _grey(film: Any) -> Iterator[Any]:
    for number in range(30):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 5)
        yield from film.encode(frame)
    yield from film.encode(None)


def _presented(span: TimeSpan, bitmap: NDArray[np.uint8]) -> bytes:
    height, width = bitmap.shape
    x, y = (WIDTH - width) // 2, HEIGHT - height - 20
    window = struct.pack(">BBHHHH", 1, 0, x, y, width, height)
    data = _run_lengths(bitmap)
    whole = struct.pack(">HBB", 0, 0, 0xC0) + (len(data) + 4).to_bytes(3, "big") + struct.pack(">HH", width, height)
    colours = bytes([0, 16, 128, 128, 0]) + bytes([1, 235, 128, 128, 255])
    shown = struct.pack(">HHBHBBBB", WIDTH, HEIGHT, 0x10, 0, 0x80, 0, 0, 1) + struct.pack(">HBBHH", 0, 0, 0, x, y)
    cleared = struct.pack(">HHBHBBBB", WIDTH, HEIGHT, 0x10, 1, 0x00, 0, 0, 0)
    start, end = round(span.start_s * 90_000), round(span.end_s * 90_000)
    parts = [
        (start, _COMPOSITION, shown),
        (start, _WINDOW, window),
        (start, _PALETTE, bytes([0, 0]) + colours),
        (start, _OBJECT, whole + data),
        (start, _END, b""),
        (end, _COMPOSITION, cleared),
        (end, _WINDOW, window),
        (end, _END, b""),
    ]
    return b"".join(b"PG" + struct.pack(">IIBH", pts, 0, kind, len(body)) + body for pts, kind, body in parts)


def _run_lengths(bitmap: NDArray[np.uint8]) -> bytes:
    coded = bytearray()
    for row in bitmap:
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        for first, last in itertools.pairwise(edges):
            coded += _run(int(row[first]), last - first)
        coded += b"\x00\x00"
    return bytes(coded)


def _run(colour: int, length: int) -> bytes:
    if colour:
        return bytes([0, 0xC0 | length >> 8, length & 0xFF, colour])
    return bytes([0, 0x40 | length >> 8, length & 0xFF])
