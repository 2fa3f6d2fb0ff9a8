"""The index at the end of an AVI file: it knows when each packet is shown, also after a loss."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = 8
"""Bytes before the data of a packet: its name and its size."""
_AFTER = (b"idx1", b"JUNK", bytes(4))
"""What may follow the packets; zeros where it was overwritten."""
_ENTRY = np.dtype([("stream", "S2"), ("kind", "S2"), ("flags", "<u4"), ("offset", "<u4"), ("size", "<u4")])
_BEGINNING = 2**20
"""So many bytes hold the headers."""
_LARGEST = 2**28
"""No more bytes of an index are read: the packets of a day."""


@dataclass(frozen=True, slots=True, eq=False)
class AviIndex:
    """The index of one stream, whose packets all last equally long."""

    position: NDArray[np.int64]
    """Where the data of each packet should lie in the file, ascending."""
    size: NDArray[np.int64]
    shown_s: NDArray[np.float64]
    missing_bytes: int
    """So many bytes before the index were cut out of the file."""
    false_from: int
    """From here on nothing is a packet, even if it seems to be one, such as the index itself."""

    def true_s(self, position: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float64]:
        """When the packets at these places are shown; NaN where the index does not know them."""
        here = self._found(position, size)
        return np.where(np.isnan(here), self._found(position + self.missing_bytes, size), here)

    def _found(self, position: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.float64]:
        if not len(self.position):
            return np.full(len(position), np.nan)
        row = np.minimum(np.searchsorted(self.position, position), len(self.position) - 1)
        is_same = (self.position[row] == position) & (self.size[row] == size)
        return np.where(is_same, self.shown_s[row], np.nan)


def avi_index(path: Path, stream: Any) -> AviIndex:
    """The index for a picture stream of a file: the one at its end, or else what FFmpeg has found."""
    step_s, base = float(stream.time_base), 0
    with path.open("rb") as file:  # not mapped: a file that shrinks meanwhile would end the process
        films, end, first = _places(file)
        length = min(_number(file, first + 4), _LARGEST)
        data = _read(file, first + _HEAD, length) if first > films > 0 else b""
        goes_on = _read(file, first + _HEAD + length, 4) == b"RIFF"
        is_whole = films > 0 and not goes_on and _read(file, end, 4) in _AFTER
        false_from = end if is_whole else file.seek(0, os.SEEK_END)
        if end > false_from and first > films and not goes_on:  # the header has moved, or packets were cut out
            false_from = first
    entries = np.frombuffer(data[: len(data) // _ENTRY.itemsize * _ENTRY.itemsize], _ENTRY)
    own = entries[entries["stream"] == f"{stream.index:02d}".encode()]
    missing = 0
    if len(own):
        base = films if int(entries["offset"][0]) < films else 0  # some writers count from the beginning of the file
        ends = entries["offset"].astype(np.int64) + entries["size"] + base + _HEAD
        missing = max(0, int((ends + ends % 2).max()) - first)
        columns = [own["offset"], own["size"], np.arange(len(own))]
    else:
        columns = list(np.array([(one.pos, one.size, one.timestamp) for one in stream.index_entries]).reshape(-1, 3).T)
    position, size, number = (column.astype(np.int64) for column in columns)
    order = np.flatnonzero(size)[np.argsort(position[size > 0], kind="stable")]
    return AviIndex(position[order] + base + _HEAD, size[order], number[order] * step_s, missing, false_from)


def index_start(path: Path) -> int:
    """The byte at which the index of an AVI file begins; -1 if it has none."""
    with path.open("rb") as file:
        return _places(file)[2]


def _places(file: BinaryIO) -> tuple[int, int, int]:
    """Where the packets of an AVI file begin, where they end by their header, and where the index begins."""
    films = _read(file, 0, _BEGINNING).find(b"movi")
    end = films + _number(file, films - 4)
    return films, end, end if _read(file, end, 4) == b"idx1" else _last(file, b"idx1")


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(max(0, start))
    return file.read(count)


def _number(file: BinaryIO, at: int) -> int:
    return int.from_bytes(_read(file, at, 4), "little")


def _last(file: BinaryIO, name: bytes) -> int:
    """Where a name last stands near the end of a file; -1 if it does not."""
    start = max(0, file.seek(0, os.SEEK_END) - _LARGEST // 4)
    place = _read(file, start, _LARGEST // 4).rfind(name)
    return start + place if place >= 0 else -1
