"""The index at the end of an AVI file: it knows when each packet is shown, also after a loss."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_HEAD = 8
"""Bytes before the data of a packet: its name and its size."""
_AFTER = (b"idx1", b"JUNK", bytes(4))
"""What may follow the packets; zeros where it was overwritten."""
_ENTRY = np.dtype([("name", "S4"), ("flags", "<u4"), ("offset", "<u4"), ("size", "<u4")])


@dataclass(frozen=True, slots=True)
class AviIndex:
    """The index of one stream, whose packets all last equally long."""

    times_s: dict[tuple[int, int], float]
    """When a packet is shown, by where its data should lie in the file, and its size."""
    missing_bytes: int
    """So many bytes before the index were cut out of the file."""
    false_from: int
    """From here on nothing is a packet, even if it seems to be one, such as the index itself."""

    def true_s(self, position: int, size: int) -> float | None:
        """When the packet at a place is shown; None where the index does not know it."""
        here = self.times_s.get((position, size))
        return self.times_s.get((position + self.missing_bytes, size)) if here is None else here


def avi_index(path: Path, stream: Any) -> AviIndex:
    """The index for a picture stream of a file: the one at its end, or else what FFmpeg has found."""
    step_s = float(stream.time_base)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        films, first = data.find(b"movi"), data.rfind(b"idx1")
        end = films + _number(data, films - 4)  # by the header of what holds the packets
        is_whole = films > 0 and data[end : end + 4] in _AFTER and data.find(b"AVIX", end) < 0
        false_from = end if is_whole else len(data)
        length = min(_number(data, first + 4), len(data) - first - _HEAD) // _ENTRY.itemsize * _ENTRY.itemsize
        entries = np.frombuffer(data[first + _HEAD : first + _HEAD + length] if first > films > 0 else b"", _ENTRY)
    own = entries[np.char.startswith(entries["name"], f"{stream.index:02d}".encode())]
    if not len(own):
        known = {(one.pos + _HEAD, one.size): one.timestamp * step_s for one in stream.index_entries}
        return AviIndex(known, 0, false_from)
    base = films if int(entries["offset"][0]) < films else 0  # some writers count from the beginning of the file
    places = (own["offset"].astype(np.int64) + base + _HEAD).tolist()
    counted = enumerate(zip(places, own["size"].tolist(), strict=True))
    times_s = {(place, size): number * step_s for number, (place, size) in counted if size}
    ends = entries["offset"].astype(np.int64) + entries["size"] + base + _HEAD
    return AviIndex(times_s, max(0, int((ends + ends % 2).max()) - first), false_from)


def _number(data: mmap.mmap, at: int) -> int:
    return int.from_bytes(data[max(0, at) : max(0, at) + 4], "little")
