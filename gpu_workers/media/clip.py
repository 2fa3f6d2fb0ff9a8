"""Cuts a piece out of a file by copying its packets: as fast as the disk, and the pictures stay as they were.

A copied picture needs the key frame before it, so the clip begins at the last key frame at or before
the wanted start; the caller learns where that is.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.errors import BadInput, StorageFull
from app.core.types import TimeSpan
from gpu_workers.media.container import SAME_TIME_S, OpenMedia, opened


def cut(source: Path, span: TimeSpan, target: Path) -> TimeSpan:
    """Copies a span of a file into a new one, pictures and all sound tracks, without encoding anything.

    Returns the span that was copied, on the clock of the source: its start is that of a key frame. The
    container is chosen by the name of `target`, which is written whole or not at all. Raises BadInput for a
    span without packets and for a container that cannot hold the streams, StorageFull.
    """
    with opened(source) as media:
        start_s = _key_frame_s(media, span.start_s)
    with opened(source) as media:  # anew: looking for the key frame has used packets up
        partial = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
        try:
            end_s = _copy(media, start_s, span.end_s, partial)
            _put(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    return TimeSpan(start_s, max(start_s, end_s))


def _key_frame_s(media: OpenMedia, from_s: float) -> float:
    if media.video is None:
        return from_s
    first = next(media.packets(media.video.index, from_s), None)
    found = None if first is None else media.packet_s(first)
    return 0.0 if found is None else max(0.0, min(found, from_s))


def _copy(media: OpenMedia, start_s: float, end_s: float, target: Path) -> float:
    import av

    last_s = start_s
    try:
        with av.open(str(target), "w") as out:
            packets = _wanted(media, start_s, end_s)
            first = next(packets, None)
            if first is None:
                raise BadInput(f"{media.path.name} has nothing in this span.", "Give times inside the video.")
            streams = [s for s in (media.video, *(s for _, s in media.sounds)) if s is not None]
            made = {stream.index: out.add_stream_from_template(stream) for stream in streams}
            for packet in (first, *packets):
                last_s = max(last_s, _end_s(media, packet))
                _shift(packet, start_s + media.clock_start_s)
                packet.stream = made[packet.stream.index]
                out.mux(packet)
    except OSError as error:
        if error.errno == 28:
            raise StorageFull("The disk is full.", "Free some space and cut the clip again.") from error
        raise _unfit(target, error) from error
    except (ValueError, RuntimeError) as error:
        raise _unfit(target, error) from error
    return min(last_s, end_s) if last_s > start_s else end_s


def _put(partial: Path, target: Path) -> None:
    try:
        os.replace(partial, target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.", "Choose another name.") from error


def _wanted(media: OpenMedia, start_s: float, end_s: float) -> Iterator[Any]:
    """Packets from the key frame on, each stream until the first that is decoded after the end."""
    video = None if media.video is None else media.video.index
    open_ = {s.index for s in (media.video, *(s for _, s in media.sounds)) if s is not None}
    begun = False
    for packet in media.all_packets(start_s):
        time_s = media.packet_s(packet)
        if time_s is None or packet.stream.index not in open_:
            continue
        if packet.stream.index == video and not begun:
            begun = packet.is_keyframe and (packet.is_discard or time_s >= start_s - SAME_TIME_S)
        decoded_s = media.seconds(packet.dts, packet.time_base) if packet.dts is not None else time_s
        if (decoded_s if decoded_s is not None else time_s) >= end_s:
            open_.discard(packet.stream.index)
            if not open_:
                return
        elif begun if packet.stream.index == video else time_s >= start_s - SAME_TIME_S:
            yield packet


def _end_s(media: OpenMedia, packet: Any) -> float:
    start_s = media.packet_s(packet) or 0.0
    return start_s + float((packet.duration or 0) * packet.time_base)


def _shift(packet: Any, seconds: float) -> None:
    ticks = round(seconds / float(packet.time_base))
    if packet.pts is not None:
        packet.pts -= ticks
    if packet.dts is not None:
        packet.dts -= ticks


def _unfit(target: Path, error: Exception) -> BadInput:
    return BadInput(
        f"The clip cannot be written as {target.suffix or 'a file without a suffix'}: {error}",
        "Write it to a name that ends as the video's own, or in .mkv, which holds every codec.",
    )
