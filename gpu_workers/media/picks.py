"""Decides which packets must be decoded so that exactly the wanted frames come out. Pure: no decoder here.

A tick asks for the frame shown at a moment: the last one whose time is not after it. Packets show
their times before anything is decoded, so a look at the packets of one group of pictures (key frame
to key frame) and a few after it shows which frames will be kept. The others are decoded only when
kept frames are predicted from them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.types import TimeSpan
from gpu_workers.media.container import SAME_TIME_S
from gpu_workers.media.timeline import GAP_S

REORDER = 32
"""Packets looked at after a group: twice the deepest reordering that H.264 and HEVC allow."""
MAX_GROUP = 600
MAX_GROUP_BYTES = 16 * 2**20


class Ticks(Protocol):
    """Moments at which a frame is asked for."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def before(self, time_s: float) -> int:
        """How many come before a frame that appears at `time_s`."""
        ...


@dataclass(frozen=True)
class EveryTick:
    """start_s, start_s + every_s, ... before end_s."""

    start_s: float
    end_s: float
    every_s: float

    @property
    def count(self) -> int:
        """How many there are."""
        return max(0, math.ceil((self.end_s - self.start_s) / self.every_s - 1e-9))

    def before(self, time_s: float) -> int:
        """How many come before a frame that appears at `time_s`."""
        if time_s == math.inf:
            return self.count
        steps = math.ceil((time_s - SAME_TIME_S - self.start_s) / self.every_s)
        return min(max(0, steps), self.count)


@dataclass(frozen=True)
class ListedTicks:
    """Given times, ascending; a time may repeat."""

    times_s: Sequence[float]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.times_s)

    def before(self, time_s: float) -> int:
        """How many come before a frame that appears at `time_s`."""
        return bisect_left(self.times_s, time_s - SAME_TIME_S)


@dataclass(frozen=True)
class Packet:
    """What the choice needs to know of a packet. `time_s` is None where the container does not say."""

    time_s: float | None
    is_key: bool
    size: int = 0
    data: Any = None
    """The packet itself, for whoever decodes it."""
    is_hidden: bool = False
    """Whether its frame is never shown: it lies before the beginning that an edit list sets, and others need it."""


class AwaitedPictures:
    """The wanted pictures that a decoder has not given yet. Those that it skips are lost.

    A packet may hold a picture that is never shown. Only where `are_all_shown`, a picture can be lost without a failure
    of the decoder.
    """

    def __init__(self, start_s: float) -> None:
        """Nothing before `start_s` counts as lost."""
        self.are_all_shown = False
        self._start_s = start_s
        self._times_s: list[float] = []
        self._failed_s: float | None = None

    def add(self, time_s: float) -> None:
        """A wanted packet goes into the decoder."""
        self._times_s.append(time_s)

    def fail(self, time_s: float) -> None:
        """The decoder refused a packet, at the latest the one of this time."""
        self._failed_s = time_s

    def lost_before(self, time_s: float) -> tuple[TimeSpan, ...]:
        """What was lost before the picture of this time, which the decoder has given; nothing shorter than GAP_S."""
        first_s = max(self._start_s, min((one for one in self._times_s if one < time_s), default=time_s))
        self._times_s = [one for one in self._times_s if one > time_s + SAME_TIME_S]
        is_lost = self._may_lose and time_s - first_s >= GAP_S
        if self._failed_s is not None and time_s >= self._failed_s:
            self._failed_s = None
        return (TimeSpan(first_s, time_s),) if is_lost else ()

    def lost_at_end(self) -> tuple[TimeSpan, ...]:
        """What was lost after the last picture."""
        times_s = [one for one in self._times_s if one >= self._start_s]
        return (TimeSpan(min(times_s), max(times_s)),) if self._may_lose and times_s else ()

    @property
    def _may_lose(self) -> bool:
        return self.are_all_shown or self._failed_s is not None


def chosen(packets: Iterator[Packet], ticks: Ticks) -> Iterator[tuple[Any, bool]]:
    """Data of the packets to decode, in order, each with whether its own frame is wanted; ends after the last tick."""
    first = True
    for group, ahead in groups(packets):
        for packet, wanted in choose(group, ahead, ticks, first=first):
            yield packet.data, wanted
        times = [packet.time_s for packet in ahead if packet.time_s is not None]
        if times and len(times) == len(ahead) and ticks.before(min(times)) == ticks.count:
            return
        first = first and all(packet.is_hidden for packet in group)


def choose(
    group: Sequence[Packet], ahead: Sequence[Packet], ticks: Ticks, *, first: bool = False
) -> list[tuple[Packet, bool]]:
    """The packets of `group` to decode, in order, each with whether its own frame is wanted.

    An unwanted packet in the list matters only if other frames are predicted from it; packets left
    out are needed by nobody. In the `first` group the earliest frame answers all ticks before it.

    `ahead` are the packets that follow: the next key frame first, unless the group was cut short.
    """
    if any(packet.time_s is None for packet in (*group, *ahead)):
        return [(packet, True) for packet in group]
    times = sorted(packet.time_s for packet in (*group, *ahead) if packet.time_s is not None and not packet.is_hidden)

    def wanted(packet: Packet) -> bool:
        assert packet.time_s is not None
        if packet.is_hidden:
            return False
        following = bisect_right(times, packet.time_s)
        end_s = times[following] if following < len(times) else math.inf
        answered = 0 if first and packet.time_s == times[0] else ticks.before(packet.time_s)
        return ticks.before(end_s) > answered

    flags = [wanted(packet) for packet in group]
    key_s = ahead[0].time_s or 0.0 if ahead else 0.0
    is_cut_short = bool(ahead) and not ahead[0].is_key
    if is_cut_short or any(p.time_s is not None and p.time_s < key_s and wanted(p) for p in ahead[1:]):
        last = len(group) - 1  # packets after the group are predicted from it
    else:
        last = max((position for position, flag in enumerate(flags) if flag), default=-1)
    return list(zip(group[: last + 1], flags[: last + 1], strict=True))


def groups(packets: Iterator[Packet]) -> Iterator[tuple[list[Packet], list[Packet]]]:
    """Cuts a stream at its key frames: each group with up to REORDER packets that follow it.

    A group ends early at MAX_GROUP packets or MAX_GROUP_BYTES, so that a recording with a single key
    frame does not fill the memory.
    """
    waiting: list[Packet] = []
    border: int | None = None
    size = 0
    for packet in packets:
        full = len(waiting) >= MAX_GROUP or size >= MAX_GROUP_BYTES
        if border is None and waiting and (packet.is_key or full):
            border, size = len(waiting), 0
        waiting.append(packet)
        size += packet.size
        if border is not None and len(waiting) - border >= REORDER:
            yield waiting[:border], waiting[border:]
            del waiting[:border]
            border = _next_key(waiting)
    while waiting:
        border = border or _next_key(waiting) or len(waiting)
        yield waiting[:border], waiting[border : border + REORDER]
        del waiting[:border]
        border = None


def _next_key(waiting: Sequence[Packet]) -> int | None:
    return next((place for place in range(1, len(waiting)) if waiting[place].is_key), None)
