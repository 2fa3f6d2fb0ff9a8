"""An open media file: its streams on one clock, and packets from any moment on, so that nothing is missed.

The clock of a video starts at its first presented frame or sample: the smallest start time of the
pictures and the sound tracks is subtracted here, and nowhere else, so picture and sound stay in step.
Where a file's own times begin again or are false, packets leave here with corrected ones.
"""

from __future__ import annotations

import functools
import itertools
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.core.errors import BadInput
from gpu_workers.media.edit_lists import edit_lists, shown
from gpu_workers.media.opening import (
    MOST_PIXELS,
    PREVIEW_BYTES,
    RAW,
    TRANSPORT,
    demuxed,
    media_errors,
    open_container,
    refuse_huge_pictures,
)
from gpu_workers.media.packet_scan import FileScan, header_end_s, is_audible, raw_rate, scan, time_stamps
from gpu_workers.media.timeline import AHEAD_S, is_far_beyond
from gpu_workers.media.tracks import best_pictures, picture_streams

SAME_TIME_S = 1e-4
"""Two times closer than this are one: containers round their timestamps, and no frame is shown so briefly."""

_MARGINS_S = (0.0, 10.0, 60.0)
_TAIL_S = 3.0
_HEADER_SLACK_S = 2.0


class OpenMedia:
    """An open file: its streams, its clock and its packets. Not for use by two threads at once."""

    video: Any
    """The picture stream that is read; None when there is none."""
    sounds: list[tuple[int, Any]]
    """Sound tracks that can be decoded, each with its place among all sound tracks of the file."""

    def __init__(self, path: Path, track: int | None = None) -> None:
        """`track` is the place of the picture stream among those that are no covers; None takes the best one."""
        self.path = path
        self.scan = scan_if_needed(path)
        self._index: int | None = None
        self._open()
        self._edits = edit_lists(self.container, path)
        self.is_rearranged = any(one.edits > 1 for one in self._edits.values())
        streams = picture_streams(self.container)
        if track is None:
            best = best_pictures(streams, {} if self.scan is None else self.scan.streams)
        elif 0 <= track < len(streams) and streams[track].codec_context is not None:
            best = streams[track]
        else:
            raise BadInput(
                f"{self.path.name} has no picture track {track} that can be decoded.",
                f"Choose one of: {', '.join(str(place) for place in range(len(streams))) or 'none'}.",
            )
        self._index = None if best is None else int(best.index)
        self.video = None if self._index is None else self.container.streams[self._index]
        if self.video is not None and not 0 < self.video.width * self.video.height <= MOST_PIXELS:
            refuse_huge_pictures(path, self.video.index)
        starts = [float(s.start_time * s.time_base) for s in self.streams if s.start_time is not None]
        self.clock_start_s = min(starts, default=0.0) if self.scan is None else self.scan.start_s
        self.is_raw = self.container.format.name in RAW

    def _open(self) -> None:
        preview, without_index = (self.scan.preview, self.scan.without_index) if self.scan else (None, False)
        self.container = open_container(self.path, preview, without_index=without_index)
        self._untouched = True
        self.video = None if self._index is None else self.container.streams[self._index]
        sounds = enumerate(self.container.streams.audio)
        self.sounds = [(place, stream) for place, stream in sounds if is_audible(stream)]

    @property
    def streams(self) -> list[Any]:
        """The streams that are read: the pictures, if there are any, then the sound tracks."""
        return [stream for stream in (self.video, *(sound for _, sound in self.sounds)) if stream is not None]

    def close(self) -> None:
        """Lets go of the file."""
        self.container.close()

    def seconds(self, timestamp: int | None, time_base: Any) -> float | None:
        """A timestamp of a stream on the video's clock, in seconds, to the microsecond; None stays None."""
        if timestamp is None or time_base is None:
            return None
        return round(float(timestamp * time_base) - self.clock_start_s, 6)

    def packet_s(self, packet: Any) -> float | None:
        """When a packet is presented; AVI files say only when it is decoded, which is then taken."""
        return self.seconds(packet.dts if packet.pts is None else packet.pts, packet.time_base)

    def frame_s(self, frame: Any, time_base: Any) -> float | None:
        """When a decoded frame is presented, never before zero. What a decoder gives at its end has no time base."""
        time_s = self.seconds(frame.dts if frame.pts is None else frame.pts, time_base)
        return None if time_s is None else max(0.0, time_s)

    @property
    def raw_rate(self) -> float:
        """Pictures a second of a file without times."""
        return raw_rate(self.video)

    def packets(self, stream_index: int, from_s: float) -> Iterator[Any]:
        """Packets of a stream, in decoding order, from a key frame that is shown at or before `from_s`.

        Those of hidden pictures, which others may need, are among them. A damaged place that FFmpeg cannot pass
        ends the stream. The file may be reopened for this, and a stream or decoder of a closed file must not be
        touched: take them from `packet.stream`.
        """
        if self.scan is not None:
            yield from self._from_index([self.container.streams[stream_index]], stream_index, from_s)
            return
        for margin_s in _MARGINS_S:
            time_s = from_s - margin_s
            if time_s <= 1.0 or self.is_raw or self.is_rearranged:  # FFmpeg cannot seek in what comes twice
                break
            stream = self.container.streams[stream_index]
            if not self._seek(int((time_s + self.clock_start_s) / stream.time_base), stream):
                continue
            packets = self._shown(stream)
            first = next((packet for packet in packets if packet.is_keyframe and packet.pts is not None), None)
            if first is not None and (self.packet_s(first) or 0.0) <= from_s + SAME_TIME_S:
                yield from itertools.chain((first,), packets)
                return
        self._rewind()
        yield from self._shown(self.container.streams[stream_index])

    def _shown(self, streams: Any) -> Iterator[Any]:
        return shown(demuxed(self.container, streams), self._edits)

    def _rewind(self) -> None:
        if not self._untouched:
            self.container.close()
            self._open()
        self._untouched = False
        if self.scan is not None and self.scan.preview is not None:
            self.container.seek(PREVIEW_BYTES, unsupported_byte_offset=True)

    def _from_index(self, streams: list[Any], stream_index: int, from_s: float) -> Iterator[Any]:
        """Packets with corrected times, from a place that the scan of the file knows."""
        assert self.scan is not None
        numbers, index = [stream.index for stream in streams], self.scan.index.get(stream_index)
        place = 0 if index is None else bisect_right(index.times_s, from_s + self.clock_start_s + SAME_TIME_S) - 1
        position = 0
        if index is None or place <= 0 or self.container.format.name not in TRANSPORT:
            self._rewind()
        else:
            position = int(index.positions[place])
            self._untouched = False
            self.container.seek(position, unsupported_byte_offset=True)
        line, false_times = self.scan.timeline, self.scan.false_times
        last: dict[int, int] = {}
        for packet in self._shown([self.container.streams[number] for number in numbers]):
            number = packet.stream.index
            at = packet.pos if packet.pos is not None else last.get(number, position)
            last[number] = at
            if at < position:
                continue
            if false_times and (number, *time_stamps(packet)) in false_times:
                packet.pts = packet.dts = None
            elif shift_s := line.part_at(at).shift_s:
                shift(packet, shift_s)
            yield packet

    def all_packets(self, from_s: float) -> Iterator[Any]:
        """Packets of the pictures and of all sound tracks, from about `from_s`; none if that cannot be sought."""
        streams = self.streams
        if self.scan is not None and streams:
            return self._from_index(streams, streams[0].index, from_s)
        if from_s > 0 and not self._seek(int((from_s + self.clock_start_s) * 1_000_000), None):
            return iter(())
        return self._shown(streams)

    def _seek(self, timestamp: int, stream: Any) -> bool:
        self._untouched = False
        try:
            self.container.seek(timestamp, stream=stream)
        except Exception:  # noqa: BLE001 - a damaged file makes the libraries raise anything; it cannot be sought
            return False
        return True


def shift(packet: Any, seconds: float) -> None:
    """Moves a packet in time, later or, below zero, earlier."""
    ticks = round(seconds / float(packet.time_base))
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks


@contextmanager
def opened(path: Path, track: int | None = None) -> Iterator[OpenMedia]:
    """An open file. Raises BadInput with the reason for everything that cannot be read."""
    with media_errors(path):
        media = OpenMedia(path, track)
        try:
            yield media
        finally:
            media.close()


def scan_if_needed(path: Path) -> FileScan | None:
    """The scan of a file whose header does not say which times and streams are right; None for all others."""
    with media_errors(path):
        if not path.is_file():
            return None
        state = path.stat()
        return scan(path) if _needs_scan(path, state.st_size, state.st_mtime_ns) else None


@functools.lru_cache(maxsize=256)
def _needs_scan(path: Path, size: int, changed_ns: int) -> bool:  # noqa: ARG001 - they make the key
    with open_container(path) as container:
        if len(picture_streams(container)) > 1 or container.format.name in TRANSPORT:
            return True
        if _is_joined(container):
            return True
        if container.format.name not in ("ogg", "avi") and not _may_jump(container):
            return False
        is_counted = container.format.name.startswith(("avi", "mov"))
    facts = scan(path)  # where FFmpeg seeks, it passes joints in Ogg and losses in AVI
    return len(facts.timeline.parts) > 1 or facts.without_index or (is_counted and bool(facts.false_times))


def _may_jump(container: Any) -> bool:
    """Whether times may jump ahead: in a Matroska file, if two key frames of its index lie far apart, and in an MP4
    file, if its table of times goes far beyond its header.

    Always true of a Flash file: few have an index, and it is often wrong.
    """
    if container.format.name.startswith("mov"):
        lasts = [(s.index_entries[-1].timestamp, s.time_base) for s in container.streams if len(s.index_entries)]
        return any(is_far_beyond(float(last * base), header_end_s(container)) for last, base in lasts)
    if not container.format.name.startswith("matroska"):
        return bool(container.format.name == "flv")
    for stream in container.streams:
        times_s = [float(entry.timestamp * stream.time_base) for entry in stream.index_entries]
        if len(times_s) > 1:
            return any(later_s - time_s > AHEAD_S for time_s, later_s in itertools.pairwise(times_s))
    return True


def _is_joined(container: Any) -> bool:
    """Whether the times of a Matroska or Flash file go back or jump near its end: it was joined to another."""
    if not container.format.name.startswith(("matroska", "flv")) or not container.duration:
        return False
    try:
        container.seek(max(0, int(container.duration - _TAIL_S * 1e6)))
    except Exception:  # noqa: BLE001 - a damaged file makes the libraries raise anything; it cannot be sought
        return False
    last: dict[int, float] = {}
    end_s = header_end_s(container)
    for packet in demuxed(container, [s for s in container.streams if s.type in ("video", "audio")]):
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None:
            continue
        time_s = float(stamp * packet.time_base)
        if not -1.0 <= time_s - last.get(packet.stream.index, time_s) <= AHEAD_S or is_far_beyond(time_s, end_s):
            return True
        last[packet.stream.index] = time_s
    return False
