"""Writes the shots as an MP4 with H.264 and AAC, one group of frames at a time: memory stays flat.

Each group is a closed unit made by an encoder of its own, all with the same settings, so a still
picture is encoded once and its group is repeated for as long as it is shown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import WorkerFailed
from benchmarks.sample import packaged
from benchmarks.sample.pictures import SIZE, draw
from benchmarks.sample.sound import PER_FRAME, render
from benchmarks.sample.timeline import FPS, GOP, Shot
from benchmarks.sample.voice import RATE

AUDIO_RATE = 44_100
_TICK = Fraction(1, FPS)
_X264 = {"preset": "fast", "crf": "22", "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=2"}

Packets = list[tuple[bytes, int, int, bool]]
"""Coded pictures: data, presentation and decoding time in frames, whether it is a key frame."""


def write(path: Path, shots: Sequence[Shot], title: str, seed: int, done: Callable[[int], None]) -> None:
    """Encodes all shots into `path`; `done` hears how many frames were added. Raises LongreelError."""
    import av

    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            container.metadata["title"] = title
            picture = container.add_stream("libx264", rate=FPS, options=_X264)
            _configure(picture.codec_context)
            sound = container.add_stream("aac", rate=AUDIO_RATE, layout="mono")
            sound.bit_rate = 96_000
            for shot in shots:
                _write_shot(container, picture, sound, shot, seed, done)
            container.mux(sound.encode(None))
    except av.FFmpegError as error:
        raise WorkerFailed(f"The sample could not be written to {path}: {error}.", "Is the disk full?") from error


def _write_shot(container: Any, picture: Any, sound: Any, shot: Shot, seed: int, done: Callable[[int], None]) -> None:
    track = render(shot)
    frame = shot.first_frame
    for packets in _groups(shot, seed):
        for packet in _stamped(packets, frame, picture):
            container.mux(packet)
        begin = (frame - shot.first_frame) * PER_FRAME
        piece = track[begin : begin + shot.gop_frames * PER_FRAME]
        container.mux(sound.encode(_audio_frame(piece, frame * PER_FRAME)))
        frame += shot.gop_frames
        done(shot.gop_frames)


def _groups(shot: Shot, seed: int) -> Iterator[Packets]:
    """The coded groups of a shot in order; a still's is coded once."""
    import av

    if shot.scene.show == "clip":
        yield from islice(cycle(_clip_groups(shot.scene.name)), shot.gops)
        return
    image = av.VideoFrame.from_image(draw(shot.scene, seed)).reformat(format="yuv420p")
    packets = _coded(image for _ in range(shot.gop_frames))
    for _ in range(shot.gops):
        yield packets


def _configure(context: Any) -> None:
    context.width, context.height = SIZE
    context.pix_fmt = "yuv420p"
    context.framerate = FPS
    context.time_base = _TICK
    context.thread_count = 2


def _coded(frames: Iterator[Any]) -> Packets:
    """One closed group of pictures, times counted from its own first frame."""
    import av
    from av.codec.context import Flags

    encoder = av.CodecContext.create("libx264", "w")
    _configure(encoder)
    encoder.options = dict(_X264)
    encoder.flags |= Flags.global_header
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, _TICK
        frame.pict_type = 0
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [(bytes(packet), packet.pts, packet.dts, packet.is_keyframe) for packet in packets]


def _stamped(packets: Packets, first_frame: int, stream: Any) -> Iterator[Any]:
    """The group's packets moved to where it stands in the video."""
    import av

    for data, pts, dts, key in packets:
        packet = av.Packet(data)
        packet.pts, packet.dts = pts + first_frame, dts + first_frame
        packet.time_base = _TICK
        packet.duration = 1
        packet.is_keyframe = key
        packet.stream = stream
        yield packet


@functools.cache
def _clip_groups(name: str) -> tuple[Packets, ...]:
    """A clip's whole groups at FPS, coded once; the rest at its end is left out."""
    import av

    with av.open(str(packaged.clip(name))) as container:
        frames = _at_fps(container.decode(video=0))
        groups = []
        while len(group := list(islice(frames, GOP))) == GOP:
            groups.append(_coded(iter(group)))
        return tuple(groups)


def _at_fps(frames: Iterator[Any]) -> Iterator[Any]:
    """Pictures at FPS by their own times, cut to fill the screen."""
    due = 0
    for frame in frames:
        while frame.time is not None and frame.time + 1e-6 >= due / FPS:
            due += 1
            yield _filled(frame)


def _filled(frame: Any) -> Any:
    """The middle of a picture in the shape of the screen, scaled to it."""
    import av

    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    height, width = pixels.shape[:2]
    new_width = min(width, height * SIZE[0] // SIZE[1]) // 2 * 2
    new_height = min(height, width * SIZE[1] // SIZE[0]) // 2 * 2
    left, top = (width - new_width) // 2, (height - new_height) // 2
    cut = np.ascontiguousarray(pixels[top : top + new_height, left : left + new_width])
    return av.VideoFrame.from_ndarray(cut, format="rgb24").reformat(*SIZE, format="yuv420p")


def _audio_frame(piece: NDArray[np.int16], first_sample: int) -> Any:
    import av

    frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE
    frame.pts, frame.time_base = first_sample, Fraction(1, RATE)
    return frame
