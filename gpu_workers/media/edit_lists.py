"""Edit lists of MP4 files. FFmpeg follows them, except where a later edit is empty: there it shows the beginning."""

from __future__ import annotations

import math
import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

IGNORE_EDITS = "ignore_editlist"
"""Option with which FFmpeg shows all of an MP4 file, whatever its edit list leaves out."""

MOST_EDITS = 1_000
"""Edit lists that show more parts of a track are ignored: FFmpeg lists the pictures of each part when it opens a file,
so one of a few hundred kilobytes could take gigabytes."""

_MOST_BOXES = 10_000
_HEAD = 8
_EARLY_S = 0.2
"""FFmpeg may give the first picture of an edit this much too early."""


@dataclass(frozen=True, slots=True)
class EditList:
    """What the edit list of one track does."""

    edits: int
    """How many parts of the track are shown, one after another."""
    empty: tuple[tuple[float, float], ...]
    """Spans after the first part in which nothing is shown, in seconds of the file's own clock."""

    def hides(self, time_s: float) -> bool:
        """Whether nothing of the track is shown at this time."""
        place = bisect_right(self.empty, (time_s, math.inf)) - 1
        return place >= 0 and time_s < self.empty[place][1]


def edit_lists(container: Any, path: Path) -> dict[int, EditList]:
    """The edit lists that FFmpeg follows in an open file, by the number of the track; none but in MP4 files."""
    if not container.format.name.startswith("mov") or IGNORE_EDITS in container.container_options:
        return {}
    return _lists(path)


def has_too_many_edits(path: Path) -> bool:
    """Whether FFmpeg must not follow the edit lists of a file that it has not opened yet."""
    return any(one.edits > MOST_EDITS for one in _lists(path).values())


def shown(packets: Iterator[Any], lists: Mapping[int, EditList]) -> Iterator[Any]:
    """The packets without those that FFmpeg gives for the time of an empty edit."""
    last: dict[int, int] = {}
    for packet in packets:
        edits = lists.get(packet.stream.id)
        if edits is not None and edits.empty and packet.pts is not None and packet.dts is not None:
            time_s = float(packet.pts * packet.time_base)
            is_first = packet.dts <= last.get(packet.stream.id, packet.dts - 1)  # of an edit
            last[packet.stream.id] = packet.dts
            is_early = is_first and edits.hides(time_s + _EARLY_S)
            if not packet.is_discard and (is_early or edits.hides(time_s)):
                continue
        yield packet


def _lists(path: Path) -> dict[int, EditList]:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        lists: dict[int, EditList] = {}
        ticks = track = 0
        for name, start, size in _boxes(file, 0, end):
            if name == b"mvhd":
                ticks = _number(file, start + (20 if _number(file, start, 1) else 12))
            elif name == b"tkhd":
                track = _number(file, start + (20 if _number(file, start, 1) else 12))
            elif name == b"elst" and ticks:
                lists[track] = _edit_list(file, start, size, ticks)
    return lists


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of a file that lead to edit lists: name, first byte and size of the contents."""
    for _ in range(_MOST_BOXES):
        if start + _HEAD > end:
            return
        size, name, head = _number(file, start), _read(file, start + 4, 4), _HEAD
        if size == 1:
            size, head = _number(file, start + 8, 8), 16
        size = min(size or end - start, end - start)
        if size < head:
            return
        if name in (b"moov", b"trak", b"edts"):
            yield from _boxes(file, start + head, start + size)
        yield name, start + head, size - head
        start += size


def _edit_list(file: BinaryIO, start: int, size: int, ticks: int) -> EditList:
    width = 8 if _number(file, start, 1) else 4
    data = _read(file, start + _HEAD, min(size - _HEAD, 2 * MOST_EDITS * (2 * width + 4)))
    time_s, edits, empty = 0.0, 0, []
    for at in range(0, min(_number(file, start + 4) * (2 * width + 4), len(data)), 2 * width + 4):
        length_s = int.from_bytes(data[at : at + width]) / ticks
        is_empty = int.from_bytes(data[at + width : at + 2 * width], signed=True) == -1
        if is_empty and edits:
            empty.append((time_s, time_s + length_s))
        edits += not is_empty
        time_s += length_s
    return EditList(edits, tuple(empty))


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(max(0, count))


def _number(file: BinaryIO, start: int, width: int = 4) -> int:
    return int.from_bytes(_read(file, start, width))
