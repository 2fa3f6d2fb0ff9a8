"""The bitmaps of subtitles as grey pictures: bright text on black, for a reader of text.

PyAV gives the pixels of a bitmap, which are numbers of colours, and not the colours. Blu-ray (PGS) and broadcasts (DVB)
write them into the packets; on DVDs the numbers themselves say what is letter and what is outline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PGS_PALETTE, _DVB_CLUT = 0x14, 0x12
_DVB_SYNC = 0x0F
_DVD_LEVELS = (0, 255, 0, 128)
"""Background, letter, outline, the border of both."""
_MARGIN = 16
_LEAST_BRIGHT = 96
"""Where nothing is brighter, the letters are dark, and everything but the background is shown."""


class BitmapReader:
    """Turns the bitmaps of one track into pictures; it remembers the colours that earlier packets set."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._levels = np.zeros(256, np.uint8)
        """The brightness of each colour over black."""
        self._levels[: len(_DVD_LEVELS)] = _DVD_LEVELS

    def picture(self, rects: Sequence[Any], packet: bytes) -> NDArray[np.uint8] | None:
        """The bitmaps below each other, height x width x 3; None where there is none."""
        read = _COLOURS.get(self._codec)
        for number, level in read(packet) if read is not None else ():
            self._levels[number] = level
        ordered = sorted((one for one in rects if one.width and one.height), key=lambda one: (one.y, one.x))
        if not ordered:
            return None
        width = max(one.width for one in ordered)
        rows = []
        for one in ordered:
            numbers = np.frombuffer(one.planes[0], np.uint8)
            stride = len(numbers) // one.height
            pixels = numbers[: stride * one.height].reshape(one.height, stride)[:, : one.width]
            shown: NDArray[np.uint8] = self._levels[pixels]
            if int(shown.max(initial=0)) < _LEAST_BRIGHT:
                background = np.bincount(pixels.ravel(), minlength=256).argmax()
                shown = np.where(pixels == background, 0, 255).astype(np.uint8)
            rows.append(np.pad(shown, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN + width - one.width))))
        return np.repeat(np.concatenate(rows)[..., None], 3, axis=2)


def _pgs_colours(packet: bytes) -> Iterator[tuple[int, int]]:
    for kind, body in _segments(packet, 0, 1):
        if kind == _PGS_PALETTE:
            for at in range(2, len(body) - 4, 5):
                number, luma, _, _, opaque = body[at : at + 5]
                yield number, luma * opaque // 255


def _dvb_colours(packet: bytes) -> Iterator[tuple[int, int]]:
    start = packet.find(bytes([_DVB_SYNC]))
    for kind, body in _segments(packet, max(0, start), 4) if start >= 0 else ():
        at = 2
        while kind == _DVB_CLUT and at + 4 <= len(body):
            number, flags = body[at], body[at + 1]
            if flags & 1:
                luma, transparent, at = body[at + 2], body[at + 5] if at + 5 < len(body) else 255, at + 6
            else:
                luma, transparent, at = body[at + 2] & 0xFC, (body[at + 3] & 3) * 85, at + 4
            yield number, luma * (255 - transparent) // 255 if luma else 0


_COLOURS = {
    "hdmv_pgs_subtitle": _pgs_colours,
    "pgssub": _pgs_colours,
    "dvb_subtitle": _dvb_colours,
    "dvbsub": _dvb_colours,
}


def _segments(packet: bytes, start: int, head: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each segment: of PGS after a head of one byte, of DVB after one of four with a sync byte."""
    at = start
    while at + head + 2 <= len(packet):
        kind = packet[at + (head > 1)]
        length = int.from_bytes(packet[at + head : at + head + 2], "big")
        yield kind, packet[at + head + 2 : at + head + 2 + length]
        at += head + 2 + length
