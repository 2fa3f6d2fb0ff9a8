"""Pictures of a video by PyAV.

Measured on 90 s of 1280 x 720 H.264 (30 frames/s, 250 frames between key frames), one frame a second,
processor time on one core: decoding everything 26 times real time; decoding only what the wanted frames
need (`picks.chosen`) 48 times, with the same pixels. See `VideoFrames` for decord.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.runs import runs
from app.core.types import Frame, TimeSpan
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.opening import decoded
from gpu_workers.media.picks import AwaitedPictures, EveryTick, ListedTicks, Packet, Ticks, chosen
from gpu_workers.media.picture import picture, pixel_aspect

_SKIPS_EXACTLY = frozenset({"h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video"})
"""Codecs whose packets each hold one shown frame and whose decoders skip frames that no other needs.
VP8 and VP9 hide frames in packets of their own, so that packet times do not show which frame is visible."""

_PART_KIND, _IDR = 0x1F, 5
"""The bits that say what a part of an H.264 picture is, and those of one that begins the stream anew."""
_NEAR_S = 30.0
"""Times closer than this are read in one go; farther ones are sought."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a picture, and which pictures after it are missing."""

    is_visible: bool = False
    lost: tuple[TimeSpan, ...] = ()

    def joined(self, other: Damage) -> Damage:
        """This and what comes after it."""
        return Damage(self.is_visible or other.is_visible, self.lost + other.lost)


class PyAVFrames:
    """Decodes with FFmpeg through PyAV: every codec, rotation and pixel shape. Plays `FrameSource`."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """See the port. Raises BadInput."""
        if every_s <= 0:
            raise ValueError(f"every_s must be above 0, got {every_s}")
        ticks = EveryTick(span.start_s, span.end_s, every_s)
        with opened(path, track) as media:
            for raw, time_s, _ in _shown(media, ticks, span.start_s, self._threads):
                if time_s < span.end_s:
                    yield _frame(media, raw, time_s, max_side)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """See the port. Raises BadInput."""
        # Where times go back or leave a gap, another pass begins.
        for run in runs(times_s, lambda run, time_s: 0 <= time_s - run[-1] <= _NEAR_S):
            with opened(path, track) as media:
                is_past_end = True
                for raw, time_s, count in _shown(media, ListedTicks(run), run[0], self._threads):
                    yield from itertools.repeat(_frame(media, raw, time_s, max_side), count)
                    is_past_end = False
                if is_past_end:  # of the whole file only the last frame is shown
                    frames = _decoded(
                        media, ListedTicks([math.inf]), max(0.0, run[0]), self._threads, AwaitedPictures(run[0])
                    )
                    for raw, time_s in deque(frames, maxlen=1):
                        raw.opaque = Damage(raw.opaque)
                        yield from itertools.repeat(_frame(media, raw, time_s, max_side), len(run))


def _frame(media: OpenMedia, raw: Any, time_s: float, max_side: int) -> Frame:
    aspect = pixel_aspect(media.video) if media.video is not None else 1.0
    return Frame(time_s, picture(raw, aspect, max_side), raw.opaque.is_visible, raw.opaque.lost)


def _shown(media: OpenMedia, ticks: Ticks, start_s: float, threads: int) -> Iterator[tuple[Any, float, int]]:
    """Each frame that is shown at some tick, its time, and at how many; ticks before the first frame are its own.

    `opaque` of a frame is its Damage: it counts as damaged if any since the last one that was shown is.
    """
    held: tuple[Any, float] | None = None
    answered, damage, awaited = 0, Damage(), AwaitedPictures(start_s)
    for raw, time_s in _rising(_decoded(media, ticks, start_s, threads, awaited)):
        due = ticks.before(time_s)
        damage = damage.joined(Damage(lost=awaited.lost_before(time_s)))
        if held is not None and due > answered:
            held[0].opaque = damage
            yield *held, due - answered
            answered, damage = due, Damage()
        if answered >= ticks.count:
            return
        damage = damage.joined(Damage(raw.opaque))
        held = (raw, time_s)
    if held is not None and ticks.count > answered:
        held[0].opaque = damage.joined(Damage(lost=awaited.lost_at_end()))
        yield *held, ticks.count - answered


def _rising(frames: Iterator[tuple[Any, float]]) -> Iterator[tuple[Any, float]]:
    """The frames without those that are damaged and claim a time before the one before them or after the next one.

    Of several with one time the last is shown.
    """
    last_s = -math.inf
    waiting: tuple[Any, float] | None = None
    for frame, time_s in frames:
        if time_s <= last_s:
            continue
        if waiting is not None and waiting[1] < time_s:
            yield waiting
            last_s = waiting[1]
        waiting = frame, time_s
    if waiting is not None:
        yield waiting


def _decoded(
    media: OpenMedia, ticks: Ticks, start_s: float, threads: int, awaited: AwaitedPictures
) -> Iterator[tuple[Any, float]]:
    """Decoded frames with their times, in the order shown: all that are wanted, and some that others need.

    `opaque` of a frame says whether it is damaged. Damage stays visible until the next key frame.
    """
    if media.video is None or ticks.count == 0:
        return
    failures: list[Exception] = []
    if media.is_raw:
        frames = _counted(media, threads, failures)
    else:
        frames = _timed(media, ticks, start_s, threads, failures, awaited)
    is_damaged = False
    for frame, time_s in frames:
        is_damaged = bool(frame.is_corrupt) or ((is_damaged or bool(failures)) and not frame.key_frame)
        failures.clear()
        frame.opaque = is_damaged
        yield frame, time_s


def _timed(
    media: OpenMedia,
    ticks: Ticks,
    start_s: float,
    threads: int,
    failures: list[Exception],
    awaited: AwaitedPictures,
) -> Iterator[tuple[Any, float]]:
    decoder, following = None, 0
    packets = (
        Packet(
            media.packet_s(raw) if raw.pts is not None else None,
            raw.is_keyframe,
            raw.size,
            (number, raw),
            is_hidden=raw.is_discard,
        )
        for number, raw in enumerate(media.packets(media.video.index, start_s))
    )
    for (number, packet), wanted in chosen(packets, ticks):
        if decoder is None:
            decoder = _configured(packet.stream.codec_context, threads)
            skips = awaited.are_all_shown = decoder.name in _SKIPS_EXACTLY
        elif number != following and decoder.name == "h264" and not _is_idr(packet):
            yield from _frames(media, decoder, None, failures)
            decoder.flush_buffers()
        following = number + 1
        decoder.skip_frame = "DEFAULT" if wanted or not skips else "NONREF"
        frames = list(_frames(media, decoder, packet, failures))
        if packet.pts is not None:
            time_s = media.packet_s(packet) or 0.0
            if wanted:
                awaited.add(time_s)
            if failures:
                awaited.fail(time_s)
        yield from frames
    if decoder is not None:
        yield from _frames(media, decoder, None, failures)


def _is_idr(packet: Any) -> bool:
    """Whether an H.264 packet begins the stream anew. The decoder cannot pass from one group to a later one otherwise:
    in an open group, it waits for the pictures in between."""
    data, setup = bytes(packet), packet.stream.codec_context.extradata or b""
    if len(setup) < 5 or setup[0] != 1:  # parts of the picture follow a mark, instead of their length
        return any(part[0] & _PART_KIND == _IDR for part in data.split(b"\0\0\1")[1:] if part)
    size, at = (setup[4] & 3) + 1, 0
    while at + size < len(data):
        if data[at + size] & _PART_KIND == _IDR:
            return True
        at += size + int.from_bytes(data[at : at + size])
    return False


def _counted(media: OpenMedia, threads: int, failures: list[Exception]) -> Iterator[tuple[Any, float]]:
    """All frames of a file without times, each as long as its rate says."""
    number = 0
    decoder = None
    for packet in itertools.chain(media.packets(media.video.index, 0.0), (None,)):
        if decoder is None and packet is not None:
            decoder = _configured(packet.stream.codec_context, threads)
        for frame in decoded(decoder, packet, failures) if decoder is not None else ():
            yield frame, number / media.raw_rate
            number += 1


def _configured(decoder: Any, threads: int) -> Any:
    if not decoder.is_open:  # a broadcast that gives its sound's number to its pictures brings an open one
        decoder.thread_type = "AUTO"
        decoder.thread_count = threads
    return decoder


def _frames(media: OpenMedia, decoder: Any, packet: Any, failures: list[Exception]) -> Iterator[tuple[Any, float]]:
    """What one packet gives (None: what the decoder still holds)."""
    for frame in decoded(decoder, packet, failures):
        time_s = media.frame_s(frame, media.video.time_base)
        if time_s is not None:
            yield frame, time_s
