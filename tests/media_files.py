"""Writes short real media files for tests. The grey of a picture tells its time, so that a wrong frame is seen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from gpu_workers.media.frames import PyAVFrames

MILLI = Fraction(1, 1000)
RATE = 48_000


def grey_at(time_s: float) -> int:
    """The brightness, 0 to 255, of the picture that appears at a time: a new one every 0.1 s, all different in 20 s."""
    return 20 + round(time_s * 10) % 200


def steady(seconds: float, fps: float = 10.0, start_s: float = 0.0) -> list[float]:
    """Times of frames at a constant rate, whole milliseconds."""
    return [round(start_s + number / fps, 3) for number in range(round(seconds * fps))]


def write_media(
    path: Path,
    *,
    times_s: Sequence[float] = (),
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    rotation: int = 0,
    tones_hz: Sequence[float] = (),
    sound_s: float = 2.0,
    sound_start_s: float = 0.0,
    silent: tuple[float, float] | None = None,
    missing: tuple[float, float] | None = None,
    layout: str = "mono",
    audio_codec: str = "aac",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """One file with a picture at each of `times_s` and one sound track for each tone.

    `rotation` is clockwise; `silent` is a stretch of zeros; `missing` one whose packets are left out.
    """
    with av.open(str(path), "w", options=container_options or {}) as out:
        video = _video_stream(out, codec, size, rotation, options) if times_s else None
        sounds = [out.add_stream(audio_codec, rate=RATE, layout=layout) for _ in tones_hz]
        packets = _pictures(video, times_s, size) if video is not None else []
        for stream, tone in zip(sounds, tones_hz, strict=True):
            packets += _sound(stream, tone, sound_s, sound_start_s, silent, missing, layout)
        packets.sort(key=lambda packet: float((packet.dts if packet.dts is not None else 0) * packet.time_base))
        for packet in packets:
            out.mux(packet)
    return path


def _video_stream(out, codec, size, rotation, options):
    stream = out.add_stream(codec, rate=25)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.time_base = MILLI
    stream.codec_context.time_base = MILLI
    stream.codec_context.gop_size = 10
    fast = {"libx264": {"preset": "fast"}, "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"}}
    stream.options = fast.get(codec, {}) | (options or {})
    if rotation:
        stream.set_display_rotation(-rotation)
    return stream


def _pictures(stream, times_s, size):
    width, height = size
    packets = []
    for time_s in times_s:
        image = np.full((height, width, 3), grey_at(time_s), dtype=np.uint8)
        image[: height // 4, : width // 4] = (255, 0, 0)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = round(time_s * 1000), MILLI
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _sound(stream, tone, seconds, start_s, silent, missing, layout):
    channels = len(av.AudioLayout(layout).channels)
    times = np.arange(round(seconds * RATE)) / RATE
    wave = 0.4 * np.sin(2 * np.pi * tone * times)
    if silent is not None:
        wave[(times >= silent[0]) & (times < silent[1])] = 0.0
    size = stream.codec_context.frame_size or 1024
    packets = []
    for first in range(0, len(wave), size):
        if missing is not None and missing[0] <= first / RATE < missing[1]:
            continue
        block = np.tile(wave[first : first + size].astype(np.float32), (channels, 1))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout=layout)
        frame.sample_rate = RATE
        frame.pts, frame.time_base = first + round(start_s * RATE), Fraction(1, RATE)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def truncated(path: Path, share: float) -> Path:
    """The same file with only the first part of its bytes."""
    data = path.read_bytes()
    short = path.with_name(f"cut_{path.name}")
    short.write_bytes(data[: int(len(data) * share)])
    return short


def greys(path: Path, *times_s: float, track: int | None = None) -> list[float]:
    """How bright the picture is at each time, without the red corner."""
    frames = PyAVFrames().at(path, times_s, max_side=0, track=track)
    return [float(frame.image[frame.image.shape[0] // 2 :].mean()) for frame in frames]


def zeroed(path: Path, source: Path, first: float, last: float) -> Path:
    """A copy of which a part of the bytes is zero."""
    data = bytearray(source.read_bytes())
    start, end = int(len(data) * first), int(len(data) * last)
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    return path


def with_cover(path: Path, source: Path) -> Path:
    """A copy of an MP4 file with a cover picture beside its streams."""
    from av.stream import Disposition

    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), format="rgb24")
        picture = picture.reformat(format="yuvj420p")
        picture.pts = 0
        for packet in [*cover.encode(picture), *cover.encode(None)]:
            out.mux(packet)
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


def noise(path: Path, seconds: float, shown: int | None = None) -> Path:
    """Pictures that cost many bytes, or of one grey value."""
    dice = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for _ in range(round(seconds * 10)):
            image = dice.integers(0, 256, (120, 160, 3), dtype=np.uint8)
            image = image if shown is None else np.full_like(image, shown)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def with_streams(path: Path, *sources: Path, default: int | None = None) -> Path:
    """The streams of several files in one Matroska file; one picture stream may be flagged as default."""
    from av.stream import Disposition

    given = [av.open(str(source)) for source in sources]
    with av.open(str(path), "w") as out:
        packets = []
        for number, container in enumerate(given):
            for stream in container.streams:
                copy = out.add_stream_from_template(stream)
                copy.disposition = Disposition.default if number == default else Disposition(0)
                packets += [(packet, copy) for packet in container.demux(stream) if packet.size]
                container.seek(0)
        packets.sort(key=lambda one: float(one[0].pts * one[0].time_base))
        for packet, copy in packets:
            packet.stream = copy
            packet.dts = packet.pts if packet.dts is None else packet.dts
            out.mux(packet)
    for container in given:
        container.close()
    return path
