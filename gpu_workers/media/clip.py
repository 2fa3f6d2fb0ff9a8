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
from gpu_workers.media.container import SAME_TIME_S, OpenMedia, opened, shift


def cut(source: Path, span: TimeSpan, target: Path, *, track: int | None = None) -> TimeSpan:
    """Copies a span of a file into a new one, a picture track and all sound tracks, without encoding anything.

    Returns the span that was copied, on the clock of the source: its start is that of a key frame. The
    container is chosen by the name of `target`, which is written whole or not at all. Raises BadInput for a
    span without packets and for a container that cannot hold the streams, StorageFull.
    """
    start_s = span.start_s
    with opened(source, track) as media:
        if media.video is not None:
            first = next(media.packets(media.video.index, span.start_s), None)
            key_frame_s = None if first is None else media.packet_s(first)
            start_s = 0.0 if key_frame_s is None else max(0.0, min(key_frame_s, span.start_s))
    with opened(source, track) as media:  # anew: looking for the key frame has used packets up
        partial = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
        try:
            end_s = _copy(media, start_s, span.end_s, partial)
            os.replace(partial, target)
        except OSError as error:
            raise BadInput(f"{target} cannot be written: {error.strerror}.", "Choose another name.") from error
        finally:
            partial.unlink(missing_ok=True)
    return TimeSpan(start_s, max(start_s, end_s))


def _copy(media: OpenMedia, start_s: float, end_s: float, target: Path) -> float:
    import av

    last_s = start_s
    try:
        with av.open(str(target), "w") as out:
            packets = _wanted(media, start_s, end_s)
            first = next(packets, None)
            if first is None:
                raise BadInput(f"{media.path.name} has nothing in this span.", "Give times inside the video.")
            made = {stream.index: out.add_stream_from_template(stream) for stream in media.streams}
            for packet in (first, *packets):
                length_s = float((packet.duration or 0) * packet.time_base)
                last_s = max(last_s, (media.packet_s(packet) or 0.0) + length_s)
                shift(packet, -(start_s + media.clock_start_s))
                packet.stream = made[packet.stream.index]
                out.mux(packet)
    except OSError as error:
        if error.errno == 28:
            raise StorageFull("The disk is full.", "Free some space and cut the clip again.") from error
        raise _unfit(target, error) from error
    except (ValueError, RuntimeError) as error:
        raise _unfit(target, error) from error
    return min(last_s, end_s) if last_s > start_s else end_s


def _wanted(media: OpenMedia, start_s: float, end_s: float) -> Iterator[Any]:
    """Packets from the key frame on, each stream until the first that is decoded after the end."""
    video = None if media.video is None else media.video.index
    open_ = {stream.index for stream in media.streams}
    begun = False
    last: dict[int, int] = {}
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
            if packet.dts is not None:  # edit lists go back in time, which no writer takes
                if packet.dts <= last.get(packet.stream.index, packet.dts - 1):
                    continue
                last[packet.stream.index] = packet.dts
            yield packet


def _unfit(target: Path, error: Exception) -> BadInput:
    return BadInput(
        f"The clip cannot be written as {target.suffix or 'a file without a suffix'}: {error}",
        "Write it to a name that ends as the video's own, or in .mkv, which holds every codec.",
    )
