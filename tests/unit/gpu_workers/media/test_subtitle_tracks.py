"""Subtitles inside a file: found, told apart, and read on the video's clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from gpu_workers.media.subtitle_tracks import PyAVSubtitles
from tests.subtitled_file import write_subtitled

SRT = "1\n00:00:01,000 --> 00:00:02,500\nThe <i>captain</i> hides the letter\nin the piano.\n"
GERMAN = "1\n00:00:01,000 --> 00:00:02,500\nDer Kapitän versteckt den Brief.\n\n2\n00:00:03,000 --> 00:00:04,000\nJa.\n"

SUBSTATION = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\blur4}The {\\i1}captain{\\i0}\\Nhides it.
Dialogue: 1,0:00:01.00,0:00:02.00,Default,,0,0,0,,The captain\\Nhides it.
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an7\\p1}m 0 0 l 100 0 100 100{\\p0}
Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,nobody sees this
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\k20}Pi{\\k30}a{\\k40}no \\{sic\\}
"""


def test_every_track_is_told_with_its_language(tmp_path: Path) -> None:
    first, second = PyAVSubtitles().tracks(write_subtitled(tmp_path, (SRT, "eng"), (GERMAN, "ger")))
    assert [(one.index, one.language, one.is_text) for one in (first, second)] == [(0, "eng", True), (1, "ger", True)]


def test_a_track_says_its_lines_at_their_times(tmp_path: Path) -> None:
    source, path = PyAVSubtitles(), write_subtitled(tmp_path, (SRT, "eng"), (GERMAN, "ger"))
    [(span, text)] = source.texts(path, 0)
    assert span == TimeSpan(1.0, 2.5) and "captain" in text and "in the piano." in text
    assert [text for _, text in source.texts(path, 1)] == ["Der Kapitän versteckt den Brief.", "Ja."]


def test_shapes_and_shadows_that_substation_draws_are_no_lines(tmp_path: Path) -> None:
    texts = PyAVSubtitles().texts(write_subtitled(tmp_path, (SUBSTATION, "eng")), 0)
    assert [(span.start_s, " ".join(text.split())) for span, text in texts] == [
        (1.0, "The captain hides it."),
        (3.0, "Piano {sic}"),
    ]


def test_a_track_without_a_decoder_is_listed_and_refused(tmp_path: Path) -> None:
    path = write_subtitled(tmp_path, (SRT, "eng"), (GERMAN, "ger"))
    path.write_bytes(path.read_bytes().replace(b"S_TEXT/UTF8", b"S_HDMV/TEXT", 1))  # Blu-ray's text
    source = PyAVSubtitles()
    assert [one.is_text for one in source.tracks(path)] == [False, True]
    for read in (source.texts, source.pictures):
        with pytest.raises(BadInput, match=r"track 0 of .* cannot be decoded"):
            list(read(path, 0))
    assert len(source.texts(path, 1)) == 2


def test_a_file_without_subtitles_has_no_track(tmp_path: Path) -> None:
    path = write_subtitled(tmp_path)
    assert PyAVSubtitles().tracks(path) == []
    with pytest.raises(BadInput, match="no subtitle track 0"):
        PyAVSubtitles().texts(path, 0)
