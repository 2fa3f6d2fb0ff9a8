"""Finds out what a file holds, and refuses early what cannot be read.

Headers lie and are missing, so the length is read from the data: the last packets of the file are
looked at, and only when they cannot be reached is every packet read. Nothing but the first picture
is decoded, so a long file costs little more than a short one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.core.errors import BadInput
from app.core.types import AudioStream, MediaInfo, VideoStream
from gpu_workers.media.container import OpenMedia, media_errors, opened
from gpu_workers.media.picture import clockwise, pixel_aspect, shown_size

_TAIL_S = 3.0
_HEADER_SLACK_S = 2.0
"""A header may be this much off without a warning: tracks end at slightly different times."""
_FIRST_PICTURE_PACKETS = 600
_SHORTEST_S = 0.04
"""Length of a file with a single picture that does not say how long it is shown."""


class PyAVProbe:
    """Reads headers, the first picture and the last packets with PyAV. Plays `MediaProbe`."""

    def probe(self, path: Path) -> MediaInfo:
        """See the port. Raises BadInput."""
        path = Path(path)
        with opened(path) as media:
            video, warnings = _video(media)
            sounds, more = _sounds(media)
            container, start_s = _container_name(media), media.clock_start_s
            header_s = _header_s(media)
        if video is None and not sounds:
            raise _nothing_to_read(path, warnings + more)
        duration_s = _measured_s(path, header_s)
        with media_errors(path):
            size = path.stat().st_size
        warnings += more + _length_warnings(header_s, duration_s)
        return MediaInfo(container, duration_s, start_s, size, video, sounds, tuple(warnings))


def _container_name(media: OpenMedia) -> str:
    names: list[str] = media.container.format.name.split(",")
    suffix = media.path.suffix.lower().lstrip(".")
    return suffix if suffix in names else names[0]


def _video(media: OpenMedia) -> tuple[VideoStream | None, list[str]]:
    if media.video is None:
        unknown = any(stream.codec_context is None for stream in media.container.streams.video)
        return None, ["The pictures use an unknown codec and are left out."] if unknown else []
    codec = media.video.codec_context.name
    frame = _first_picture(media)
    if frame is None:
        return None, [f"The pictures ({codec}) cannot be decoded and are left out."]
    width, height = shown_size(frame, pixel_aspect(media.video))
    rate = media.video.average_rate
    return VideoStream(codec, width, height, clockwise(frame), float(rate) if rate else None), []


def _first_picture(media: OpenMedia) -> Any:
    import av

    assert media.video is not None
    for packet in itertools.islice(media.packets(media.video.index, 0.0), _FIRST_PICTURE_PACKETS):
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, EOFError):
            continue
        if frames:
            return frames[0]
    try:
        return next(iter(media.video.codec_context.decode(None)), None)
    except (av.error.FFmpegError, EOFError):
        return None


def _sounds(media: OpenMedia) -> tuple[tuple[AudioStream, ...], list[str]]:
    from av.stream import Disposition

    sounds = tuple(
        AudioStream(
            index=place,
            codec=stream.codec_context.name,
            channels=stream.codec_context.channels,
            sample_rate=stream.codec_context.sample_rate,
            language=_language(stream),
            default=bool(stream.disposition & Disposition.default),
        )
        for place, stream in media.sounds
        if stream.codec_context.sample_rate > 0
    )
    left_out = len(media.container.streams.audio) - len(sounds)
    return sounds, [f"{left_out} sound track(s) cannot be decoded and are left out."] if left_out else []


def _language(stream: Any) -> str | None:
    language = stream.language
    return str(language) if language and language != "und" else None


def _header_s(media: OpenMedia) -> float | None:
    """The length that the header claims, on the video's clock; FFmpeg counts microseconds."""
    container = media.container
    if not container.duration or container.duration <= 0:
        return None
    start = container.start_time or 0
    return max(0.0, float(container.duration + start) / 1e6 - media.clock_start_s)


def _measured_s(path: Path, header_s: float | None) -> float:
    """Where the last picture or sound ends, in seconds."""
    end_s = None
    if header_s is not None and header_s > 2 * _TAIL_S:
        with opened(path) as media:
            end_s = _end_s(media, media.all_packets(header_s - _TAIL_S))
    if end_s is None or header_s is None or end_s < header_s - _TAIL_S:
        with opened(path) as media:
            end_s = _end_s(media, media.all_packets(0.0))
    return round(max(end_s or 0.0, _SHORTEST_S), 6)


def _end_s(media: OpenMedia, packets: Iterable[Any]) -> float | None:
    """The latest end of the packets; None when there are none."""
    latest: float | None = None
    for packet in packets:
        start_s = media.packet_s(packet)
        if start_s is not None:
            end_s = start_s + float((packet.duration or 0) * packet.time_base)
            latest = end_s if latest is None else max(latest, end_s)
    return latest


def _length_warnings(header_s: float | None, duration_s: float) -> list[str]:
    if header_s is None:
        return ["The file does not tell its length, so it was measured; its end may be missing."]
    if header_s > duration_s + _HEADER_SLACK_S:
        return [f"The header promises {header_s:.0f} s, but the data ends at {duration_s:.0f} s: the rest is missing."]
    if header_s < duration_s - _HEADER_SLACK_S:
        return [f"The header promises {header_s:.0f} s, but there are {duration_s:.0f} s of data: all is used."]
    return []


def _nothing_to_read(path: Path, reasons: list[str]) -> BadInput:
    why = " ".join(reasons) or "It holds neither pictures nor sound."
    return BadInput(
        f"{path.name} has nothing to read. {why}", "Give another file, or convert this one to H.264 and AAC."
    )
