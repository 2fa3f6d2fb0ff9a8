"""Reads the packets of a file once, without decoding them: where its streams begin and end, and what is wrong.

Reading 100,000 packets (an hour of pictures) takes about 0.4 s of one core. Readers need the result only for
files that their header does not describe; it is remembered for as long as the file does not change.
"""

from __future__ import annotations

import functools
import math
from array import array
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpu_workers.media.avi_index import AviIndex, avi_index
from gpu_workers.media.edit_lists import edit_lists, shown
from gpu_workers.media.opening import PREVIEW_BYTES, RAW, TRANSPORT, decoded, demuxed, media_errors, open_container
from gpu_workers.media.timeline import (
    AHEAD_S,
    GAP_S,
    JoinedPart,
    PacketTable,
    Timeline,
    losses,
    merged,
    pauses,
    timeline,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAY_BE_JOINED = (*TRANSPORT, "matroska", "ogg", "flv")
"""Containers whose files can be joined end to end and are read on by FFmpeg, and whose packets know their bytes."""
_RAW_CODECS = ("pcm", "adpcm", "rawvideo")
"""Their packets may rightly be zero."""
_ZEROS = bytes(32)
_LOOKS, _CONTRAST = 5, 4.0
"""Key frames that are looked at, and the least deviation of their grey values, of 255, if they show anything."""
_LATER_LOOKS = (0.25, 0.5, 0.75)
"""Parts of a broadcast at which is looked for streams that begin later."""
_SOUND_STEP_S = 2.0
_RAW_RATE = 25.0
_RAW_RATES = (1.0, 1000.0)
"""Pictures a second that a header may give; others are damage."""
_STILL_S = 600.0
"""A slide may stand so long in a file without sound; its next picture does not begin another recording."""
_LATE_S = 0.2
_LONGEST_STEP_S = 60
_HIGHEST_RATE = 1_536_000
"""Samples a second of sound, at most; a higher rate is a damaged header, and to convert it takes gigabytes."""
_LONGEST_PACKET_S = 3600.0
"""A last picture may stand for so long, or for as long as there is sound; a longer time is damaged."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of a file, by its packets."""

    packets: int
    size_bytes: int
    start_s: float
    """By the corrected clock of the file."""
    end_s: float
    is_blank: bool = False
    """Whether its pictures show one colour, as those of a covered camera do; known where there are several streams."""


@dataclass(frozen=True, slots=True, eq=False)
class SeekIndex:
    """Where reading may begin: key frames, and sound every few seconds."""

    times_s: NDArray[np.float64]
    """Ascending."""
    positions: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FileScan:
    """What the packets of a file say."""

    preview: int | None
    """The byte from which on all streams can be found, where some are missing at the beginning of the file."""
    start_s: float
    """The first time of the pictures or the sound, by the corrected clock of the file."""
    streams: dict[int, StreamFacts]
    """By FFmpeg's number of the stream."""
    timeline: Timeline
    false_times: frozenset[tuple[int, int, int]]
    """Number of the stream and both time stamps of each packet whose time is false."""
    losses: tuple[tuple[float, float], ...]
    """Spans that cannot be read, by the corrected clock of the file, which begins at `start_s`."""
    pauses: tuple[tuple[float, float], ...]
    """Long spans in which neither a picture nor sound begins although nothing is lost."""
    index: dict[int, SeekIndex]
    end_byte: int
    """Where the last packet ends; 0 if the container does not say."""
    without_index: bool = False
    """Whether the index of an AVI file hides packets."""

    @property
    def packets(self) -> int:
        """How many can be read."""
        return sum(one.packets for one in self.streams.values())

    @property
    def end_s(self) -> float:
        """When the shortest stream ends."""
        return min((one.end_s for one in self.streams.values()), default=0.0)


def scan(path: Path) -> FileScan:
    """Reads all packets of a file, unless it was scanned before and has not changed. Raises BadInput."""
    with media_errors(path):
        state = path.stat()
    return _scan(path, state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _scan(path: Path, size: int, changed_ns: int) -> FileScan:  # noqa: ARG001 - they make the key
    with media_errors(path):
        preview = _best_preview(path, size)
        with open_container(path, preview) as container:
            if preview is not None:
                container.seek(PREVIEW_BYTES, unsupported_byte_offset=True)
            facts = _Columns(path, container).scanned(preview)
            pictures = [stream.index for stream in media_streams(container) if stream.type == "video"]
            promised_s = promised_by_avi_s(container)
        if promised_s and (facts.false_times or facts.end_s < promised_s - GAP_S):  # the index may be to blame
            with open_container(path, without_index=True) as container:
                unindexed = _Columns(path, container).scanned(None)
            if unindexed.packets > facts.packets:
                facts = replace(unindexed, without_index=True)
    streams = dict(facts.streams)
    for number in pictures if len(pictures) > 1 else ():
        if number in streams:
            streams[number] = replace(streams[number], is_blank=_is_blank(path, preview, number))
    return replace(facts, streams=streams)


def _is_blank(path: Path, preview: int | None, number: int) -> bool:
    """Whether the first key frames of a picture stream show one colour, or cannot be decoded."""
    try:
        with open_container(path, preview) as container:
            stream = container.streams[number]
            keys = (packet for packet in demuxed(container, stream) if packet.is_keyframe)
            packets = (*islice(keys, _LOOKS), None)
            frames = [frame.reformat(format="gray") for packet in packets for frame in decoded(stream, packet)]
            return all(float(np.std(frame.to_ndarray())) < _CONTRAST for frame in frames)
    except Exception:  # noqa: BLE001 - a damaged file makes the libraries raise anything
        return False


def media_streams(container: Any) -> list[Any]:
    """Picture streams that are no covers, and sound tracks; none with a damaged header, by which each packet lasts
    minutes or has samples beyond any device."""
    from av.stream import Disposition

    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    streams = (*pictures, *(s for s in container.streams.audio if is_audible(s)))
    return [s for s in streams if s.codec_context is not None and s.time_base <= _LONGEST_STEP_S]


def is_audible(stream: Any) -> bool:
    """Whether a sound stream has a codec that FFmpeg knows, and a sample rate that a device can have."""
    return stream.codec_context is not None and stream.codec_context.sample_rate <= _HIGHEST_RATE


def _best_preview(path: Path, size: int) -> int | None:
    """The byte from which most streams are found; a broadcast may add sound or pictures while it runs."""
    with open_container(path) as container:
        if container.format.name not in TRANSPORT:
            return None
        most = len(_described(container))
    best = None
    for share in _LATER_LOOKS:
        preview = int(size * share) // 188 * 188
        with open_container(path, preview) as container:
            count = len(_described(container))
        if count > most:
            best, most = preview, count
    return best


def _described(container: Any) -> list[Any]:
    """Streams of which enough is known to decode them."""
    return [s for s in media_streams(container) if s.type == "video" or s.codec_context.sample_rate > 0]


def raw_rate(stream: Any) -> float:
    """Pictures a second of a stream without times, as its header says; the demuxer assumes 25 for all."""
    rate = float(stream.guessed_rate or _RAW_RATE)
    return rate if _RAW_RATES[0] <= rate <= _RAW_RATES[1] else _RAW_RATE


def header_end_s(container: Any) -> float:
    """The end of an MP4 or Matroska file by its header; infinite for others, of which FFmpeg may guess the length."""
    if not container.format.name.startswith(("mov", "matroska")) or not container.duration or container.duration <= 0:
        return math.inf
    return float(container.duration + (container.start_time or 0)) / 1e6


def promised_by_avi_s(container: Any) -> float:
    """The length of an AVI file by the count of packets in its header; 0 for others. FFmpeg shortens the length to what
    a file without its index may hold."""
    if container.format.name != "avi":
        return 0.0
    return max((float(s.frames * s.time_base) for s in container.streams if s.time_base), default=0.0)


def time_stamps(packet: Any) -> tuple[int | None, int | None]:
    """When a packet is decoded and when it is presented; where the file has only one of them, that is both."""
    decoded, shown = packet.dts, packet.pts
    return (shown if decoded is None else decoded), (decoded if shown is None else shown)


class _Columns:
    """Collects the packets of an open container, and summarizes them."""

    def __init__(self, path: Path, container: Any) -> None:
        self._path = path
        self._joinable = container.format.name.startswith(_MAY_BE_JOINED)
        may_stand = container.format.name.startswith(("matroska", "flv")) and not container.streams.audio
        self._pause_s = _STILL_S if may_stand else AHEAD_S
        self._named_pause_s = AHEAD_S if container.streams.audio else _STILL_S
        streams = media_streams(container)
        edits = edit_lists(container, path)
        self._repeats = any(one.edits > 1 for one in edits.values())  # a track may be shown for longer than it lasts
        self._header_end_s = math.inf if self._repeats else header_end_s(container)
        self._raw_rate = raw_rate(streams[0]) if container.format.name in RAW and streams else 0.0
        self._numbers = array("h")
        self._positions, self._sizes = array("q"), array("q")
        self._stamps, self._shown_stamps = array("q"), array("q")
        self._decoded_s, self._shown_s, self._durations_s = array("d"), array("d"), array("d")
        self._keys, self._damaged = array("b"), array("b")
        compressed = {s.index: not s.codec_context.name.startswith(_RAW_CODECS) for s in streams}
        self._pictures = {s.index for s in streams if s.type == "video"}
        last = dict.fromkeys(compressed, 0)
        for packet in shown(demuxed(container, streams), edits) if streams else ():
            number = packet.stream.index
            last[number] = packet.pos if packet.pos is not None else last[number]
            base = 1 / self._raw_rate if self._raw_rate else float(packet.time_base)
            stamp, shown_stamp = (len(self._numbers),) * 2 if self._raw_rate else time_stamps(packet)
            if shown_stamp is None or stamp is None or packet.is_discard:  # before the beginning that an edit list sets
                continue
            self._numbers.append(number)
            self._positions.append(last[number])
            self._sizes.append(packet.size)
            self._stamps.append(stamp)
            self._shown_stamps.append(shown_stamp)
            self._decoded_s.append(stamp * base)
            self._shown_s.append(shown_stamp * base)
            self._durations_s.append(base if self._raw_rate else max(0, packet.duration or 0) * base)
            self._keys.append(packet.is_keyframe)
            head = memoryview(packet)[:32]
            is_blank = len(head) >= 16 and head == _ZEROS[: len(head)]
            self._damaged.append(compressed[number] and (packet.is_corrupt or is_blank))
        self._counted = (
            next((s for s in streams if s.type == "video"), None) if container.format.name == "avi" else None
        )

    def scanned(self, preview: int | None) -> FileScan:
        """What the packets show."""
        order = np.argsort(np.array(self._decoded_s if self._repeats else self._positions), kind="stable")
        table = PacketTable(
            stream=np.array(self._numbers, np.int16)[order],
            position=np.array(self._positions, np.int64)[order],
            size=np.array(self._sizes, np.int64)[order],
            decoded_s=np.array(self._decoded_s)[order],
            shown_s=np.array(self._shown_s)[order],
            duration_s=np.array(self._durations_s)[order],
            is_key=np.array(self._keys, bool)[order],
            is_damaged=np.array(self._damaged, bool)[order],
        )
        line = timeline(table, may_be_joined=self._joinable, pause_s=self._pause_s, header_end_s=self._header_end_s)
        if self._counted is not None:
            line = _by_index(table, line, self._counted, avi_index(self._path, self._counted))
        firsts = np.array([part.first_byte for part in line.parts])
        shifts = np.array([part.shift_s for part in line.parts])
        places = np.maximum(0, np.searchsorted(firsts, table.position, side="right") - 1)
        shown_s: NDArray[np.float64] = table.shown_s + shifts[places]
        shown_s[list(line.false_times)] = np.nan
        false_rows = [int(order[row]) for row in line.false_times]
        lost = losses(table, shown_s, counts_bytes=self._joinable)
        if self._counted is not None:
            # The spans of which an AVI file has no packet.
            steps = [(one.start_s - one.shift_s + before.shift_s, one.start_s) for before, one in pairwise(line.parts)]
            lost = merged([*lost, *((start_s, end_s) for start_s, end_s in steps if end_s - start_s >= GAP_S)])
        return FileScan(
            preview=preview,
            start_s=float(np.nanmin(shown_s)) if np.isfinite(shown_s).any() else 0.0,
            streams=_facts(table, shown_s),
            timeline=line,
            false_times=frozenset((self._numbers[r], self._stamps[r], self._shown_stamps[r]) for r in false_rows),
            losses=tuple(lost),
            pauses=tuple(pauses(shown_s, lost, self._named_pause_s)),
            index=self._index(table, shown_s),
            end_byte=int((table.position + table.size).max()) if len(table.position) and table.position.any() else 0,
        )

    def _index(self, table: PacketTable, shown_s: NDArray[np.float64]) -> dict[int, SeekIndex]:
        result = {}
        for number in np.unique(table.stream).tolist():
            rows = np.flatnonzero((table.stream == number) & table.is_key & np.isfinite(shown_s))
            if number not in self._pictures and len(rows):
                slots = np.floor(shown_s[rows] / _SOUND_STEP_S)
                rows = rows[np.flatnonzero(np.diff(slots, prepend=slots[0] - 1) > 0)]
            rows = rows[np.argsort(shown_s[rows], kind="stable")]
            result[number] = SeekIndex(shown_s[rows], table.position[rows])
        return result


def _by_index(table: PacketTable, line: Timeline, stream: Any, index: AviIndex) -> Timeline:
    """The timeline of an AVI file: FFmpeg counts its packets, and where some are lost, its index knows the times."""
    parts = list(line.parts)
    rows = np.flatnonzero(table.stream == stream.index)
    late = index.true_s(table.position[rows], table.size[rows]) - table.decoded_s[rows]
    for row, late_s in zip(rows.tolist(), late.tolist(), strict=True):
        if late_s - parts[-1].shift_s > _LATE_S:
            parts.append(JoinedPart(int(table.position[row]), late_s, float(table.shown_s[row]) + late_s, 0.0))
    is_false = table.position >= index.false_from
    for number in np.unique(table.stream[table.stream != stream.index]):  # sound is counted, too: it cannot jump
        rows = np.flatnonzero(table.stream == number)
        jumps = np.flatnonzero(np.diff(table.decoded_s[rows]) > AHEAD_S)
        is_false[rows[jumps[0] + 1 :] if len(jumps) else []] = True
    return Timeline(tuple(parts), line.false_times | set(np.flatnonzero(is_false).tolist()))


def _facts(table: PacketTable, shown_s: NDArray[np.float64]) -> dict[int, StreamFacts]:
    facts, last_s = {}, {}
    for number in np.unique(table.stream).tolist():
        rows = np.flatnonzero((table.stream == number) & np.isfinite(shown_s))
        if len(rows):
            last = rows[np.argmax(shown_s[rows])]
            # where pictures are reordered, some last until the next one is decoded, not until it is shown
            lasting_s, shown_last_s = float(table.duration_s[[last, rows[-1]]].min()), float(shown_s[last])
            end_s = shown_last_s + (lasting_s if lasting_s <= AHEAD_S else 0.0)
            last_s[number] = shown_last_s + min(lasting_s, _LONGEST_PACKET_S)
            size = int(table.size[rows].sum())
            facts[number] = StreamFacts(len(rows), size, float(shown_s[rows].min()), end_s)
    whole_s = max((one.end_s for one in facts.values()), default=0.0) if len(facts) > 1 else math.inf
    return {number: replace(one, end_s=max(one.end_s, min(last_s[number], whole_s))) for number, one in facts.items()}
