"""A silent film that carries subtitle tracks."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def write_subtitled(folder: Path, *tracks: tuple[str, str], ending: str = "mkv") -> Path:
    """Five seconds of grey with subtitle tracks (text, language), in SubRip or, with its header, SubStation."""
    path = folder / f"film.{ending}"
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", rate=5)
        pictures.width, pictures.height = 64, 48
        opened = []
        for number, (text, language) in enumerate(tracks):
            source = folder / f"{number}.{'ass' if text.startswith('[Script Info]') else 'srt'}"
            source.write_text(text, "utf-8")
            given = av.open(str(source))
            stream = out.add_stream_from_template(given.streams.subtitles[0])
            stream.metadata["language"] = language
            opened.append((given, stream))
        for _ in range(25):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode())
        for given, stream in opened:
            for packet in given.demux():
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
            given.close()
    return path
