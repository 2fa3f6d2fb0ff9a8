"""What a file says about itself: its title, when, where and with what it was recorded, and its chapters."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from app.core.types import FileTags
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import steady, write_media

TAGS = {
    "title": "Council \u202esession\nof 3 May",
    "creation_time": "2026-05-03T10:00:00Z",
    "location": "+48.1+011.5/",
    "make": "Canon",
    "model": "Canon EOS",
}
CHAPTERS = [(0.0, 2.0, "Öffnung\u202e"), (2.0, 9.0, "Safety\nreport"), (9.0, 9.0, "empty"), (30.0, 40.0, "beyond")]


def tagged(path: Path, chapters: Sequence[tuple[float, float, str]] = CHAPTERS) -> FileTags:
    """The tags of four seconds of film, or of sound alone where the container holds nothing else."""
    codec = {".mp3": "libmp3lame", ".ogg": "libopus"}.get(path.suffix, "aac")
    times_s = steady(4.0) if codec == "aac" else ()
    source = write_media(path.with_name("a.mkv"), times_s=times_s, tones_hz=[440.0], sound_s=4.0, audio_codec=codec)
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        out.metadata.update(TAGS)
        out.set_chapters(
            [
                {
                    "id": number,
                    "start": round(start_s * 1000),
                    "end": round(end_s * 1000),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for number, (start_s, end_s, title) in enumerate(chapters)
            ]
        )
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return PyAVProbe().probe(path).tags


@pytest.mark.parametrize("suffix", ["mov", "mkv", "mp3", "ogg"])
def test_title_date_camera_and_place_are_read_from_every_container(tmp_path: Path, suffix: str) -> None:
    tags = tagged(tmp_path / f"film.{suffix}")
    assert tags.title == "Council session of 3 May" and tags.created_at.startswith("2026-05-03T10:00:00")
    assert (tags.camera, tags.location) == ("Canon EOS", "+48.1+011.5/")


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mp3"])
def test_chapters_lie_inside_the_video_and_their_titles_on_one_line(tmp_path: Path, suffix: str) -> None:
    chapters = tagged(tmp_path / f"film.{suffix}").chapters
    assert [chapter.title for chapter in chapters] == ["Öffnung", "Safety report"]
    borders = [time_s for chapter in chapters for time_s in (chapter.span.start_s, chapter.span.end_s)]
    assert borders == pytest.approx([0.0, 2.0, 2.0, 4.0], abs=0.2)


def test_of_nested_chapters_the_inner_ones_are_read(tmp_path: Path) -> None:
    nested = [(0.0, 4.0, "Part one"), (0.0, 1.0, "Welcome"), (1.0, 2.0, "Budget"), (2.0, 4.0, "Closing")]
    assert [one.title for one in tagged(tmp_path / "film.mkv", nested).chapters] == ["Welcome", "Budget", "Closing"]
