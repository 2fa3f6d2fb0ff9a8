"""One clock for a file whose own times cannot be trusted. Pure: no decoder here.

The times of a joined recording begin again or jump ahead at each joint, and a damaged packet may carry any
time at all. The packets of a file, in the order in which they lie in it, distinguish these cases: after a joint
the following packets go on from the new time, after a damaged packet they go on from the old one, and where a
part of the file is destroyed, the bytes between two packets account for the time between them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACK_S = 0.5
"""Times of one stream may go back this far: where only presentation times are stored, pictures are reordered."""
AHEAD_S = 10.0
"""A longer step ahead, with nothing lost in between, is a joint and not a pause."""
SUSPICIOUS_S = 1.0
GAP_S = 0.5
"""Shorter losses are not named."""
_FOLLOWERS = 8
_MOST_HELD = 17
"""By its standard, a decoder holds at most 16 pictures back to put them in order."""
_LOST_SHARE, _LOST_SHARE_IF_JOINED = 0.25, 0.6
"""Of the bytes that the time between two packets should take, so many are missing where the file is destroyed; where
times have begun again, a joint is the better guess."""
_LEAST_LOST = 4096
_FAR_BEYOND = 1.5
"""Times that reach so many times the length in the header contradict it."""
_STEP_OF_PACES = 10.0
_USUAL = 0.95
"""So many pictures of a stream wait no longer than usual until they are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """The packets of the pictures and the sound of a file, in the order of their bytes; one column for each fact."""

    stream: NDArray[np.int16]
    position: NDArray[np.int64]
    """Where each lies in the file, bytes."""
    size: NDArray[np.int64]
    decoded_s: NDArray[np.float64]
    """When it is decoded, else presented, by the file's own clock."""
    shown_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    is_key: NDArray[np.bool_]
    is_damaged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class JoinedPart:
    """A part of a file with one clock, from `first_byte` on. `shift_s` is added to the file's times."""

    first_byte: int
    shift_s: float
    start_s: float
    """When it begins, shifted."""
    step_s: float
    """How far the file's times jump at its beginning; below zero where they begin again, zero after a loss."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The parts of a file in order, and the packets whose times are false."""

    parts: tuple[JoinedPart, ...]
    false_times: frozenset[int]
    """Rows of the table."""

    def part_at(self, position: int) -> JoinedPart:
        """The part in which a byte lies."""
        place = bisect_right([part.first_byte for part in self.parts], position) - 1
        return self.parts[max(0, place)]


def timeline(
    table: PacketTable, *, may_be_joined: bool, pause_s: float = AHEAD_S, header_end_s: float = math.inf
) -> Timeline:
    """Finds the joints and the false times of a file. Containers with one table of all times cannot have joints.

    Steps ahead of up to `pause_s` are pauses. `header_end_s` is the end of the file by its header; infinite where it
    does not say.
    """
    false_times = _false_waits(table, pause_s if may_be_joined else math.inf)
    if not may_be_joined:
        false_times |= _strays(table) | _beyond_header(table, header_end_s)
    is_good = np.ones(len(table.stream), dtype=bool)
    is_good[list(false_times)] = False
    steps = [np.diff(table.decoded_s[is_good & (table.stream == stream)]) for stream in np.unique(table.stream)]
    if any(len(own) and (own.min() < -BACK_S or own.max() > SUSPICIOUS_S) for own in steps):
        if may_be_joined:
            return _walked(table, false_times, pause_s, header_end_s)
        for stream in np.unique(table.stream).tolist():
            false_times |= _outliers(table, np.flatnonzero(table.stream == stream), false_times)
    elif may_be_joined:
        false_times |= _strays(table)
    times = table.shown_s[np.isfinite(table.shown_s)]
    start_s = float(times[:64].min()) if len(times) else 0.0
    return Timeline((JoinedPart(0, 0.0, start_s, 0.0),), frozenset(false_times))


def is_far_beyond(time_s: float, header_end_s: float) -> bool:
    """Whether a time contradicts the header, and not only its rounding."""
    return time_s > _FAR_BEYOND * header_end_s + SUSPICIOUS_S


def _walked(table: PacketTable, false_times: set[int], pause_s: float, header_end_s: float) -> Timeline:
    walk = _Walk(table, set(false_times), pause_s)
    line = walk.result()
    goes_back = any(part.step_s < 0 for part in line.parts)
    if not goes_back and not is_far_beyond(walk.end_s, header_end_s):
        return line
    # in such a file a step ahead is a joint, too
    strict = _Walk(table, set(false_times), SUSPICIOUS_S, _LOST_SHARE_IF_JOINED)
    result = strict.result()
    is_plausible = len(result.parts) * _FOLLOWERS <= len(table.stream) and not is_far_beyond(strict.end_s, header_end_s)
    return result if goes_back or is_plausible else line


def _beyond_header(table: PacketTable, header_end_s: float) -> set[int]:
    """Packets of a stream that lasts far longer than the header says, which one false step accounts for, or against
    which all other streams agree with the header."""
    result: set[int] = set()
    ends = table.decoded_s + table.duration_s  # muxers count the wait of the last picture into no length
    for stream in np.unique(table.stream):
        own = table.stream == stream
        rows, others = np.flatnonzero(own), table.decoded_s[~own]
        late = [row for row in rows.tolist() if is_far_beyond(ends[row], header_end_s)]
        if not late:
            continue
        times = np.append(np.sort(table.decoded_s[rows]), ends[rows].max())
        steps = np.diff(times)
        is_one_step = steps.max() > _STEP_OF_PACES * np.median(steps)
        is_one_step &= times[-1] - steps.max() <= header_end_s + SUSPICIOUS_S
        if is_one_step or (len(others) >= _FOLLOWERS and others.max() <= header_end_s + SUSPICIOUS_S):
            result.update(late)
    return result


def _false_waits(table: PacketTable, longest_s: float) -> set[int]:
    """Packets that are shown before they are decoded, or much later than any decoder holds a picture.

    A picture may wait for the end of a pause, which lasts up to `longest_s`.
    """
    waits_s = table.shown_s - table.decoded_s
    is_false = (waits_s < -BACK_S) | (waits_s > longest_s)
    for stream in np.unique(table.stream):
        rows = np.flatnonzero(table.stream == stream)
        held, later, last = rows[:-_MOST_HELD], rows[_MOST_HELD:], rows[-_MOST_HELD:]
        pace_s = float(np.median(np.diff(table.decoded_s[rows]))) if len(rows) > 1 else 0.0
        is_false[last] |= waits_s[last] > max(AHEAD_S, _MOST_HELD * pace_s)
        is_false[held] |= (waits_s[held] > SUSPICIOUS_S) & (table.shown_s[held] > table.decoded_s[later] + BACK_S)
    return set(np.flatnonzero(is_false).tolist())


def _strays(table: PacketTable) -> set[int]:
    """Packets of streams that a few damaged bytes have made up: short, and far beyond all others."""
    streams, sizes = np.unique(table.stream, return_counts=True)
    few = np.isin(table.stream, streams[sizes < _FOLLOWERS])
    if few.all():
        return set()
    low_s, high_s = table.shown_s[~few].min(), table.shown_s[~few].max()
    far = (table.shown_s < low_s - AHEAD_S) | (table.shown_s > high_s + AHEAD_S)
    return set(np.flatnonzero(few & far).tolist())


def _outliers(table: PacketTable, rows: NDArray[np.int64], false_times: set[int]) -> set[int]:
    """Packets of one stream after which its times go on from the packets before them."""
    found: set[int] = set()
    times = [(int(row), float(table.decoded_s[row])) for row in rows if int(row) not in false_times]
    before_s: float | None = None
    for place, (row, time_s) in enumerate(times):
        following = [other for _, other in times[place + 1 : place + 1 + _FOLLOWERS]]
        if before_s is not None and not before_s - BACK_S <= time_s <= before_s + SUSPICIOUS_S:
            staying = sum(abs(other - time_s) < abs(other - before_s) for other in following)
            if staying * 2 <= len(following) and abs(time_s - before_s) > AHEAD_S:
                found.add(row)
                continue
        elif before_s is None and sum(abs(other - time_s) > AHEAD_S for other in following) * 2 > len(following):
            found.add(row)
            continue
        before_s = time_s
    return found


class _Walk:
    """Goes through the packets in the order of the file and follows its clock."""

    def __init__(
        self, table: PacketTable, false_times: set[int], pause_s: float, lost_share: float = _LOST_SHARE
    ) -> None:
        """Steps ahead of up to `pause_s` are pauses; longer ones are joints, unless bytes are lost there."""
        self._table = table
        self._false = false_times
        self._pause_s = pause_s
        self._lost_share = lost_share
        self._streams: list[int] = table.stream.tolist()
        self._decoded: list[float] = table.decoded_s.tolist()
        lasting_s = np.where(table.duration_s <= AHEAD_S, table.duration_s, 0.0)  # others are those of the pause
        self._ends: list[float] = (table.shown_s + lasting_s).tolist()
        self._rows = {int(s): np.flatnonzero(table.stream == s).tolist() for s in np.unique(table.stream)}
        self._at = dict.fromkeys(self._rows, 0)
        waits_s = table.shown_s - table.decoded_s
        usual_s = {stream: float(np.quantile(waits_s[rows], _USUAL)) for stream, rows in self._rows.items()}
        self._is_late: list[bool] = [
            wait_s > usual_s[stream] + BACK_S for wait_s, stream in zip(waits_s.tolist(), self._streams, strict=True)
        ]
        self._closed: dict[int, float] = {}
        """By stream the end of the part, without pictures that wait long: they may carry a time of the next part."""
        self._leads: dict[int, float] = {}
        """By stream how far the others were ahead of its last row."""
        self._last: dict[int, float] = {}
        self._before: dict[int, tuple[float, int]] = {}
        """By stream the time before the last one, and the row of the last one."""
        self._now_s: float | None = None
        self._end_s = 0.0
        self._previous = 0
        self._parts: list[JoinedPart] = []

    @property
    def end_s(self) -> float:
        """When the last packet ends, shifted."""
        return self._end_s + (self._parts[-1].shift_s if self._parts else 0.0)

    def result(self) -> Timeline:
        """The parts that the whole table shows."""
        for row, stream in enumerate(self._streams):
            self._at[stream] += 1
            if row in self._false:
                continue
            time_s, last_s = self._decoded[row], self._last.get(stream)
            if self._now_s is None:
                self._begin(row, 0.0, self._earliest(row), 0.0)
                is_odd = False
            elif last_s is None:
                is_odd = abs(time_s - self._now_s) > min(AHEAD_S, 3 * self._pause_s)  # streams are mixed only roughly
            else:
                is_odd = not last_s - BACK_S <= time_s <= last_s + SUSPICIOUS_S
            if is_odd and not self._accepts(row, stream):
                continue
            self._before[stream] = (self._last.get(stream, time_s), row)
            self._last[stream] = time_s
            self._now_s = max(time_s if self._now_s is None else self._now_s, time_s)
            self._leads[stream] = self._now_s - time_s
            if not self._is_late[row]:
                self._end_s = max(self._end_s, self._ends[row])
                self._closed[stream] = max(self._closed.get(stream, self._ends[row]), self._ends[row])
            self._previous = row
        return Timeline(tuple(self._parts) or (JoinedPart(0, 0.0, 0.0, 0.0),), frozenset(self._false))

    def _accepts(self, row: int, stream: int) -> bool:
        """Whether an odd time is true: after a pause, after a loss or at the beginning of a part."""
        assert self._now_s is not None
        time_s = self._decoded[row]
        before_s = self._last.get(stream, self._now_s)
        earlier_s, last_row = self._before.get(stream, (time_s + AHEAD_S, -1))
        if time_s < before_s and 0 <= time_s - earlier_s <= SUSPICIOUS_S:  # goes on from there: the last one was false
            self._false.add(last_row)
            return True
        following = [self._decoded[r] for r in self._rows[stream][self._at[stream] : self._at[stream] + _FOLLOWERS]]
        staying = sum(abs(other - time_s) < abs(other - before_s) for other in following)
        ahead, is_near = before_s - BACK_S <= time_s, self._is_near(time_s + self._leads.get(stream, 0.0))
        is_alone = not following and not (ahead and is_near)
        if is_alone or (following and staying * 2 <= len(following)):
            self._false.add(row)
            return False
        if not ahead or not (is_near or self._is_loss(row, time_s - self._now_s)):
            start_s = self._earliest(row)
            self._begin(row, self._parts[-1].shift_s + self._length_before(row, start_s), start_s, time_s - before_s)
        return True

    def _length_before(self, row: int, start_s: float) -> float:
        """How far the part that begins with a row must be moved so that each of its streams goes on where it ended."""
        self._false.update(last_row for _, last_row in self._before.values() if self._is_late[last_row])
        latest_s = self._end_s - start_s
        firsts = self._firsts(row)
        moves_s = [end_s - firsts[stream] for stream, end_s in self._closed.items() if stream in firsts]
        move_s = max(moves_s, default=latest_s)
        return move_s if abs(move_s - latest_s) <= SUSPICIOUS_S else latest_s

    def _is_near(self, time_s: float) -> bool:
        assert self._now_s is not None
        return time_s <= self._now_s + self._pause_s

    def _is_loss(self, row: int, pause_s: float) -> bool:
        """Whether bytes that belong to no packet account for a step ahead."""
        table, before = self._table, self._previous
        part = self._parts[-1]
        seconds = self._end_s + part.shift_s - part.start_s
        if seconds <= 0:
            return False
        rate = (table.position[before] - part.first_byte) / seconds
        lost = table.position[row] - table.position[before] - table.size[before]
        return bool(lost > self._lost_share * rate * pause_s)

    def _firsts(self, row: int) -> dict[int, float]:
        """When each stream is first shown or heard in the part that begins with a row."""
        firsts: dict[int, float] = {}
        for stream, rows in self._rows.items():
            place = max(0, self._at[stream] - 1)
            own = [r for r in rows[place : place + _FOLLOWERS] if r >= row and not self._is_late[r]]
            if own:
                firsts[stream] = float(self._table.shown_s[own].min())
        return firsts

    def _earliest(self, row: int) -> float:
        """When the part that begins with a row is first shown or heard."""
        time_s = self._decoded[row]
        return min((one for one in self._firsts(row).values() if abs(one - time_s) < SUSPICIOUS_S), default=time_s)

    def _begin(self, row: int, shift_s: float, start_s: float, step_s: float) -> None:
        self._parts.append(
            JoinedPart(int(self._table.position[row]) if self._parts else 0, shift_s, start_s + shift_s, step_s)
        )
        self._last, self._before, self._closed, self._leads = {}, {}, {}, {}
        self._now_s, self._end_s = self._decoded[row], start_s


def losses(table: PacketTable, shown_s: NDArray[np.float64], *, counts_bytes: bool) -> list[tuple[float, float]]:
    """Spans of which nothing can be read, by corrected times (NaN where they are false).

    Packets are damaged, or, where `counts_bytes`, the bytes between two packets belong to none.
    """
    spans: list[tuple[float, float]] = []
    good = np.isfinite(shown_s)
    for stream in np.unique(table.stream[good]):
        own = good & (table.stream == stream)
        rows = np.flatnonzero(own)
        bad = rows[table.is_damaged[rows]]
        ends = shown_s[bad] + np.maximum(table.duration_s[bad], 0.02)
        damaged = merged(list(zip(shown_s[bad].tolist(), ends.tolist(), strict=True)))
        spans.extend((start_s, end_s) for start_s, end_s in damaged if end_s - start_s >= GAP_S)
        if counts_bytes:
            spans.extend(_missing_spans(table, shown_s, rows, np.flatnonzero(good & ~own)))
    return merged(spans)


def _missing_spans(
    table: PacketTable, shown_s: NDArray[np.float64], rows: NDArray[np.int64], others: NDArray[np.int64]
) -> list[tuple[float, float]]:
    """Gaps of one stream, in which bytes lie that no packet claims, and the other streams have a gap, too."""
    ordered = rows[np.argsort(shown_s[rows], kind="stable")]
    starts = shown_s[ordered]
    ends = starts + table.duration_s[ordered]
    spans = []
    least_s = max(GAP_S, 4 * float(np.median(np.diff(starts)))) if len(starts) > 1 else GAP_S
    for place in np.flatnonzero(starts[1:] - np.maximum.accumulate(ends[:-1]) > least_s):
        start_s, end_s = float(ends[place]), float(starts[place + 1])
        low, high = sorted((int(ordered[place]), int(ordered[place + 1])))
        position, size = table.position[low : high + 1], table.size[low : high + 1]
        is_lost = (np.diff(position) - size[:-1] > np.maximum(_LEAST_LOST, size[:-1])).any()
        inside = others[(shown_s[others] >= start_s) & (shown_s[others] < end_s)]
        if is_lost and table.duration_s[inside].sum() < 0.5 * (end_s - start_s):
            spans.append((start_s, end_s))
    return spans


def pauses(
    shown_s: NDArray[np.float64], lost: Sequence[tuple[float, float]], longest_s: float
) -> list[tuple[float, float]]:
    """Spans longer than `longest_s` in which no packet begins, by corrected times (NaN where they are false)."""
    times = np.sort(shown_s[np.isfinite(shown_s)])
    spans = [(float(times[place]), float(times[place + 1])) for place in np.flatnonzero(np.diff(times) > longest_s)]
    return [span for span in spans if not any(start_s < span[1] and span[0] < end_s for start_s, end_s in lost)]


def merged(spans: Sequence[tuple[float, float]], within_s: float = 0.1) -> list[tuple[float, float]]:
    """Spans in time order; those that overlap or nearly touch become one."""
    result: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans):
        if result and start_s <= result[-1][1] + within_s:
            result[-1] = (result[-1][0], max(result[-1][1], end_s))
        else:
            result.append((start_s, end_s))
    return result
