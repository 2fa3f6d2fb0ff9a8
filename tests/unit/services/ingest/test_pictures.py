"""A long time in which nothing happens is one piece of a video, however long it is."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import numpy as np
import pytest

from app.bootstrap import build
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import FrameFeatures, SegmentKind, TimeSpan, Utterance
from app.services.ingest.frame_samples import Sampled, repeats
from app.services.ingest.stages.segment import joined_while_still
from benchmarks.fuzz_files import write_source
from tests.integration.offline_fakes import environment

PIECES = [TimeSpan(start_s, start_s + 30.0) for start_s in range(0, 600, 30)]
HOURS_S = 7200


def seen(time_s, vector=(1.0, 0.0), brightness=0.5):
    return FrameFeatures(time_s, np.array(vector), np.zeros(2), (), brightness, 0.1)


def test_pieces_without_a_word_or_a_change_become_one():
    assert joined_while_still(PIECES, [0.0], []) == [TimeSpan(0.0, 600.0)]


def test_a_word_or_a_change_stays_a_piece_of_its_own():
    said = [Utterance(TimeSpan(310.0, 312.0), "Good evening.")]
    assert joined_while_still(PIECES, [0.0, 135.0], said) == [
        TimeSpan(0.0, 120.0),
        TimeSpan(120.0, 150.0),
        TimeSpan(150.0, 300.0),
        TimeSpan(300.0, 330.0),
        TimeSpan(330.0, 600.0),
    ]


def test_a_short_time_of_nothing_is_cut_as_ever():
    assert joined_while_still(PIECES[:3], [0.0], []) == PIECES[:3]


@pytest.mark.parametrize(
    ("second", "has_text", "is_repeat"),
    [
        (seen(300.0), False, True),
        (seen(300.0), True, False),
        (seen(240.0), False, True),
        (seen(300.0, (0.9, 0.4)), False, False),
        (seen(300.0, brightness=0.6), False, False),
    ],
)
def test_a_frame_that_shows_the_same_is_no_change(second, has_text, is_repeat):
    sampled = Sampled([seen(0.0), second], [second.pts_s] if has_text else [], [])
    assert repeats(sampled) == ({second.pts_s} if is_repeat else frozenset())


def test_hours_of_nothing_are_one_empty_segment(tmp_path, monkeypatch):
    path = tmp_path / "night.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        black = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="yuv420p")
        for time_s in range(0, HOURS_S + 1, 60):
            black.pts, black.time_base = time_s, Fraction(1)
            out.mux(stream.encode(black))
        out.mux(stream.encode(None))
    for name, value in {**environment(tmp_path), "LONGREEL_INGEST__SAMPLE_CHUNK_S": "300"}.items():
        monkeypatch.setenv(name, value)
    longreel = build(load_settings())
    video = longreel.ingest.run(IngestRequest(path))
    shown = longreel.library.segments(video.id, [SegmentKind.VISUAL])
    assert [segment.span for segment in shown] == [TimeSpan(0.0, video.duration_s)] and video.duration_s > 7000
    assert not longreel.library.segments(video.id, [SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT])


def test_pictures_that_are_damaged_are_reported_with_their_times(tmp_path, monkeypatch):
    path = write_source(tmp_path / "film.mp4")
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 10, len(data) // 2, 97):
        data[place] ^= 0x55
    path.write_bytes(data)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    warnings = []
    ingest = build(load_settings()).ingest
    for _ in range(2):  # also when nothing has to be decoded again
        ingest.run(IngestRequest(path), report=lambda event: warnings.append(getattr(event, "message", "")))
    damage = [one for one in warnings if one.startswith("The pictures are damaged for about")]
    assert len(damage) == 2 and damage[0] == damage[1]
    assert re.search(r"about [1-4] s \(0:0[0-2]-0:0[1-4]\)", damage[0])
