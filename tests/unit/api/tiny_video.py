"""A small film that every browser plays: VP8 and Opus in WebM, a new grey each second, a bar that moves."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE = 48_000


def write_webm(path: Path, seconds: int = 20, fps: int = 5) -> Path:
    """Pictures of 320 x 180 with a bar that moves, and a soft tone."""
    with av.open(str(path), "w", format="webm") as container:
        pictures = container.add_stream("libvpx", rate=fps, options={"g": str(fps), "deadline": "realtime"})
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = container.add_stream("libopus", rate=RATE, layout="mono")
        for number in range(seconds * fps):
            image = np.full((180, 320, 3), (40 + 9 * (number // fps)) % 256, np.uint8)
            image[:, (number * 3) % 300 : (number * 3) % 300 + 20] = (240, 180, 40)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            times = (np.arange(RATE // fps) + number * RATE // fps) / RATE
            tone = (0.05 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, "flt", "mono")
            frame.rate, frame.pts = RATE, number * (RATE // fps)
            container.mux(sound.encode(frame))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return path
