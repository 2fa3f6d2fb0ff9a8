"""Writes a short talk: slides with text that change every few seconds, and a voice-like tone with pauses."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

FPS = 10
RATE = 16000
SLIDE_S = 8
COLOURS = ("navy", "darkgreen", "maroon", "black", "purple", "teal")
WORDS = ("BUDGET", "RIVER", "GARDEN", "ENGINE", "MARKET", "WINTER", "SIGNAL", "HARBOR")


def write_narrated(path: Path, *, seconds: float, seed: int = 0, voices: int = 1) -> Path:
    """An H.264 and AAC file; each slide shows a word and a number, each tone of 2 s is followed by 2 s of silence.

    Several voices take turns, each 80 Hz above the one before.
    """
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(_slide(number // (SLIDE_S * FPS) + seed), format="rgb24")
            frame.pts = number
            out.mux(video.encode(frame))
        out.mux(video.encode())
        times = np.arange(round(seconds * RATE)) / RATE
        pitch = 220 + 40 * seed + 80 * (times // 4 % voices)
        wave = 0.3 * np.sin(2 * np.pi * pitch * times) * (times % 4 < 2)
        for start in range(0, len(wave), 1024):
            block = av.AudioFrame.from_ndarray(wave[None, start : start + 1024].astype(np.float32), "flt", "mono")
            block.sample_rate, block.pts = RATE, start
            out.mux(audio.encode(block))
        out.mux(audio.encode())
    return path


def _slide(number: int) -> np.ndarray:
    picture = Image.new("RGB", (640, 360), COLOURS[number % len(COLOURS)])
    text = f"{WORDS[number % len(WORDS)]} {2030 + number}"
    ImageDraw.Draw(picture).text((80, 130), text, fill="white", font_size=64)
    return np.asarray(picture)
