"""Finds out what a file holds, and refuses early what cannot be read.

Headers lie and are missing, so all packets of the file are read once: they give its length, where streams begin,
and what is lost. Nothing but the first picture is decoded.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import BadInput
from app.core.types import AudioStream, MediaInfo, VideoStream
from gpu_workers.media.container import OpenMedia, opened
from gpu_workers.media.edit_lists import IGNORE_EDITS, MOST_EDITS
from gpu_workers.media.file_tags import file_tags
from gpu_workers.media.opening import decoded, media_errors
from gpu_workers.media.packet_scan import FileScan, promised_by_avi_s, scan
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
_HEADS = re.compile(
    rb"ftyp|FLV\x01|OggS\x00\x02|fLaC\x00\x00\x00\x22|RIFF....(?:WAVE|AVI )|FORM....AIF[FC]|caff\x00\x01", re.DOTALL
)
"""Beginnings of files of which FFmpeg reads only the first when they are joined."""
_LONGEST_HEAD, _BLOCK = 16, 2**20
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
                why, hint = " ".join(warnings + more), "Give another file, or convert this one to H.264 and AAC."
                if not why and media.container.streams.subtitles:
                    why = "It holds only subtitles."
                    hint = "Give them to a video with --subtitles, or add them without one: longreel import FILE."
                why = why or "It contains neither pictures nor sound."
                raise BadInput(f"{path.name} has nothing to ingest. {why}", hint)
            unread = (*(("pictures", one) for one in warnings), *(("speech", one) for one in more if not sounds))
            facts, start_s = scan(path), media.clock_start_s
            read = {stream.index for stream in media.streams}
            ends = [one.end_s - start_s for number, one in facts.streams.items() if number in read]
            duration_s = round(max([*ends, _SHORTEST_S]), 6)
            warnings += more + _header_warnings(media, duration_s) + _packet_warnings(media, facts, size)
            tags = file_tags(media.container, start_s, duration_s)
            names, suffix = media.container.format.name.split(","), path.suffix.lower().lstrip(".")
        container = suffix if suffix in names else names[0]
        return MediaInfo(container, duration_s, start_s, size, video, sounds, tuple(warnings), tags=tags, unread=unread)


def _video(media: OpenMedia, track: int | None) -> tuple[VideoStream | None, list[str]]:
    if media.video is None:
        unknown = any(stream.codec_context is None for stream in media.container.streams.video)
        return None, ["The pictures use an unknown codec and are left out."] if unknown else []
    codec = media.video.codec_context.name
    frame = decoder = None
    for packet in itertools.islice(media.packets(media.video.index, 0.0), _FIRST_PICTURE_PACKETS):
        decoder = packet.stream.codec_context
        frame = next(iter(decoded(decoder, packet)), None)
        if frame is not None:
            break
    if frame is None and decoder is not None:
        frame = next(iter(decoded(decoder, None)), None)
    if frame is None:
        return None, [f"The pictures ({codec}) cannot be decoded and are left out."]
    width, height = shown_size(frame, pixel_aspect(media.video))
    rate = media.video.average_rate
    return VideoStream(codec, width, height, clockwise(frame), float(rate) if rate else None, track), []


def _sounds(media: OpenMedia) -> tuple[tuple[AudioStream, ...], list[str]]:
    from av.stream import Disposition

    sounds = tuple(
        AudioStream(
            index=place,
            codec=stream.codec_context.name,
            channels=stream.codec_context.channels,
            sample_rate=stream.codec_context.sample_rate,
            language=None if stream.language in (None, "", "und") else str(stream.language),
            default=bool(stream.disposition & Disposition.default),
            title=str(stream.metadata.get("title", "")),
        )
        for place, stream in media.sounds
        if stream.codec_context.sample_rate > 0
    )
    left_out = len(media.container.streams.audio) - len(sounds)
    return sounds, [f"{left_out} sound track(s) cannot be decoded and are left out."] if left_out else []


def _header_warnings(media: OpenMedia, duration_s: float) -> list[str]:
    """Which of several picture tracks is read, and whether the header is right about the length."""
    container, streams, warnings = media.container, picture_streams(media.container), []
    if len(streams) > 1 and media.video is not None:
        place = [stream.index for stream in streams].index(media.video.index)
        shown = f"{media.video.width}x{media.video.height}"
        warnings.append(
            f"The file has {len(streams)} picture tracks, counted from 0: track {place} ({shown}) is read. "
            "Choose another with --video-track."
        )
    if IGNORE_EDITS in container.container_options:
        warnings.append(
            "The edit list of the file is ignored: it hides all pictures or all sound, or has more than "
            f"{MOST_EDITS:,} parts."
        )
    if media.is_raw:
        return [*warnings, f"The file has no times: {media.raw_rate:g} pictures a second are assumed."]
    if not container.duration or container.duration <= 0:
        return [*warnings, "The file does not state its length, so it was measured; its end may be missing."]
    if media.scan is not None and container.format.name != "avi":  # FFmpeg guesses the length of a broadcast
        return warnings
    header_s = max(0.0, float(container.duration + (container.start_time or 0)) / 1e6 - media.clock_start_s)
    header_s = max(header_s, promised_by_avi_s(container))
    if header_s > duration_s + _HEADER_SLACK_S:
        data = f"the data ends at {duration_s:.0f} s: the rest is missing"
        warnings.append(f"The header promises {header_s:.0f} s, but {data}.")
    elif header_s < duration_s - _HEADER_SLACK_S and not media.is_rearranged:
        data = f"there are {duration_s:.0f} s of data: all is used"
        warnings.append(f"The header promises {header_s:.0f} s, but {data}.")
    return warnings


def _packet_warnings(media: OpenMedia, facts: FileScan, size: int) -> list[str]:
    """What the packets show: joints, false times, late beginnings, losses, what follows the file, missing times."""
    warnings, start_s = [], media.clock_start_s
    if joints := [part for part in facts.timeline.parts[1:] if part.step_s]:
        places = _listed([f"{part.start_s - start_s:.1f} s" for part in joints])
        how = "begin again" if joints[0].step_s < 0 else "jump ahead"
        warnings.append(f"The times of the file {how} at {places}: its parts are placed one after another.")
    if facts.without_index:
        warnings.append("The index of the file is damaged: the file is read without it.")
    elif facts.false_times:
        warnings.append(f"{len(facts.false_times)} damaged packet(s) carry a false time, which is ignored.")
    starts = {number: one.start_s - start_s for number, one in facts.streams.items()}
    sound_s = min((starts[stream.index] for _, stream in media.sounds if stream.index in starts), default=0.0)
    picture_s = starts.get(media.video.index, 0.0) if media.video is not None else 0.0
    for what, time_s in (("The sound begins", sound_s), ("The pictures begin", picture_s)):
        if time_s > _LATE_S:
            warnings.append(f"{what} {time_s:.1f} s after the file.")
    if facts.losses:
        total_s = sum(b - a for a, b in facts.losses)
        warnings.append(f"The file is damaged: {total_s:.1f} s cannot be read ({_spans(facts.losses, start_s)}).")
    if facts.pauses:
        places = _spans(facts.pauses, start_s)
        warnings.append(f"There is neither a new picture nor sound from {places}; the file's own times are used.")
    warnings += _second_file(media, facts.end_byte, size)
    if media.video is not None and media.video.index not in facts.streams:
        warnings.append("The pictures have no usable times, so only the first is read.")
    return warnings


def _second_file(media: OpenMedia, end_byte: int, size: int) -> list[str]:
    """A warning if another file begins after the packets of this one."""
    # the packets of a second FLAC file are read, but take the times of the first
    start = _SHORTEST_FILE if media.container.format.name == "flac" else end_byte
    if not start or size - start < _SHORTEST_FILE:
        return []
    with media.path.open("rb") as file:  # not mapped: a file that shrinks meanwhile would end the process
        place, end = file.seek(start), b""
        while block := file.read(_BLOCK):
            if head := _HEADS.search(end + block):
                part = f"its part, {(size - place + len(end) - head.start()) / size:.0%}, is not read"
                return [f"Another file is joined to this one; {part}. Give it by itself."]
            place, end = place + len(block), block[-_LONGEST_HEAD:]
    return []


def _spans(spans: Sequence[tuple[float, float]], start_s: float) -> str:
    return _listed([f"{max(0.0, a - start_s):.1f} s to {b - start_s:.1f} s" for a, b in spans])


def _listed(places: Sequence[str]) -> str:
    rest = len(places) - _MOST_NAMED
    return ", ".join(places[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
