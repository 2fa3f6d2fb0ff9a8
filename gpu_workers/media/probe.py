"""Finds out what a file holds, and refuses early what cannot be read.

Headers lie and are missing, so all packets of the file are read once: they give its length, where streams begin,
and what is lost. Nothing but the first picture is decoded.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import BadInput
from app.core.types import AudioStream, MediaInfo, VideoStream
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.file_tags import file_tags
from gpu_workers.media.opening import decoded, media_errors
from gpu_workers.media.packet_scan import FileScan, scan
from gpu_workers.media.picture import clockwise, pixel_aspect, shown_size
from gpu_workers.media.tracks import picture_streams

_HEADER_SLACK_S = 2.0
"""A header may be this much off without a warning: tracks end at slightly different times."""
_FIRST_PICTURE_PACKETS = 600
_SHORTEST_S = 0.04
"""Length of a file with a single picture that does not say how long it is shown."""
_LATE_S = 2.0
"""Sound or pictures that begin later than this are named."""
_MOST_NAMED = 5
_HEADS = (b"ftyp", b"FLV\x01", b"OggS\x00\x02")
"""Beginnings of files of which FFmpeg reads only the first when they are joined."""
_SHORTEST_FILE = 1000


class PyAVProbe:
    """Reads headers, packets and the first picture with PyAV. Plays `MediaProbe`."""

    def probe(self, path: Path, *, track: int | None = None) -> MediaInfo:
        """See the port. Raises BadInput."""
        path = Path(path)
        with media_errors(path):
            size = path.stat().st_size if path.exists() else 0
        with opened(path, track) as media:
            video, warnings = _video(media, track)
            sounds, more = _sounds(media)
            if video is None and not sounds:
                raise _nothing_to_read(path, warnings + more, has_subtitles=bool(media.container.streams.subtitles))
            facts = scan(path)
            container, start_s, header_s = _container_name(media), media.clock_start_s, _header_s(media)
            duration_s = _duration_s(media, facts)
            warnings += more + _choice_warnings(media) + _length_warnings(header_s, duration_s, media)
            warnings += _clock_warnings(facts, start_s) + _late_warnings(media, facts) + _loss_warnings(facts, start_s)
            warnings += _joined_warnings(path, facts, size) + _timeless_warnings(media, facts)
            tags = file_tags(media.container, start_s, duration_s)
        return MediaInfo(container, duration_s, start_s, size, video, sounds, tuple(warnings), tags=tags)


def _container_name(media: OpenMedia) -> str:
    names: list[str] = media.container.format.name.split(",")
    suffix = media.path.suffix.lower().lstrip(".")
    return suffix if suffix in names else names[0]


def _video(media: OpenMedia, track: int | None) -> tuple[VideoStream | None, list[str]]:
    if media.video is None:
        unknown = any(stream.codec_context is None for stream in media.container.streams.video)
        return None, ["The pictures use an unknown codec and are left out."] if unknown else []
    codec = media.video.codec_context.name
    frame = _first_picture(media)
    if frame is None:
        return None, [f"The pictures ({codec}) cannot be decoded and are left out."]
    width, height = shown_size(frame, pixel_aspect(media.video))
    rate = media.video.average_rate
    return VideoStream(codec, width, height, clockwise(frame), float(rate) if rate else None, track), []


def _first_picture(media: OpenMedia) -> Any:
    assert media.video is not None
    packets = itertools.islice(media.packets(media.video.index, 0.0), _FIRST_PICTURE_PACKETS)
    decoder = None
    for packet in packets:
        decoder = packet.stream.codec_context
        if frames := decoded(decoder, packet):
            return frames[0]
    return next(iter(decoded(decoder, None)), None) if decoder is not None else None


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
            title=str(stream.metadata.get("title", "")),
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


def _duration_s(media: OpenMedia, facts: FileScan) -> float:
    """Where the last picture or sound ends, in seconds."""
    read = {stream.index for _, stream in media.sounds} | ({media.video.index} if media.video is not None else set())
    ends = [one.end_s - media.clock_start_s for number, one in facts.streams.items() if number in read]
    return round(max([*ends, _SHORTEST_S]), 6)


def _timeless_warnings(media: OpenMedia, facts: FileScan) -> list[str]:
    if media.video is None or media.video.index in facts.streams:
        return []
    return ["The pictures have no usable times, so only the first is read."]


def _choice_warnings(media: OpenMedia) -> list[str]:
    streams = picture_streams(media.container)
    if len(streams) < 2 or media.video is None:
        return []
    place = [stream.index for stream in streams].index(media.video.index)
    shown = f"{media.video.width}x{media.video.height}"
    return [
        f"The file has {len(streams)} picture tracks, counted from 0: track {place} ({shown}) is read. "
        "Choose another with --video-track."
    ]


def _length_warnings(header_s: float | None, duration_s: float, media: OpenMedia) -> list[str]:
    if media.is_raw:
        return [f"The file has no times: {media.raw_rate:g} pictures a second are assumed."]
    if header_s is None:
        return ["The file does not state its length, so it was measured; its end may be missing."]
    if media.scan is not None:  # FFmpeg guesses the length of a broadcast
        return []
    if header_s > duration_s + _HEADER_SLACK_S:
        return [f"The header promises {header_s:.0f} s, but the data ends at {duration_s:.0f} s: the rest is missing."]
    if header_s < duration_s - _HEADER_SLACK_S:
        return [f"The header promises {header_s:.0f} s, but there are {duration_s:.0f} s of data: all is used."]
    return []


def _clock_warnings(facts: FileScan, start_s: float) -> list[str]:
    warnings = []
    joints = [part for part in facts.timeline.parts[1:] if part.step_s]
    if joints:
        places = _listed([f"{part.start_s - start_s:.1f} s" for part in joints])
        how = "begin again" if joints[0].step_s < 0 else "jump ahead"
        warnings.append(f"The times of the file {how} at {places}: its parts are placed one after another.")
    if facts.false_times:
        count = len(facts.false_times)
        warnings.append(f"{count} damaged packet(s) carry a false time, which is ignored.")
    return warnings


def _late_warnings(media: OpenMedia, facts: FileScan) -> list[str]:
    starts = {number: one.start_s - media.clock_start_s for number, one in facts.streams.items()}
    sound_s = min((starts[stream.index] for _, stream in media.sounds if stream.index in starts), default=0.0)
    picture_s = starts.get(media.video.index, 0.0) if media.video is not None else 0.0
    late = (("The sound begins", sound_s), ("The pictures begin", picture_s))
    return [f"{what} {time_s:.1f} s after the file." for what, time_s in late if time_s > _LATE_S]


def _loss_warnings(facts: FileScan, start_s: float) -> list[str]:
    if not facts.losses:
        return []
    places = _listed([f"{max(0.0, a - start_s):.1f} s to {b - start_s:.1f} s" for a, b in facts.losses])
    total_s = sum(b - a for a, b in facts.losses)
    return [f"The file is damaged: {total_s:.1f} s cannot be read ({places})."]


def _joined_warnings(path: Path, facts: FileScan, size: int) -> list[str]:
    if not facts.end_byte or size - facts.end_byte < _SHORTEST_FILE:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        joined = any(data.find(head, facts.end_byte) >= 0 for head in _HEADS)
    share = f"{(size - facts.end_byte) / size:.0%}"
    return [f"Another file is joined to this one; its part, {share}, is not read. Give it by itself."] if joined else []


def _listed(places: Sequence[str]) -> str:
    rest = len(places) - _MOST_NAMED
    return ", ".join(places[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _nothing_to_read(path: Path, reasons: list[str], *, has_subtitles: bool) -> BadInput:
    if has_subtitles and not reasons:
        return BadInput(
            f"{path.name} has nothing to ingest. It holds only subtitles.",
            "Give them to a video with --subtitles, or add them without one: longreel import FILE.",
        )
    why = " ".join(reasons) or "It contains neither pictures nor sound."
    return BadInput(
        f"{path.name} has nothing to ingest. {why}", "Give another file, or convert this one to H.264 and AAC."
    )
