"""Things are found in frames that changed, followed, stored, and searchable; a real file, with a detector of colours.

A red square is shown on the left from second 4 to 8, and a green one on the right from second 6 to 10.
"""

from __future__ import annotations

import av
import numpy as np
import pytest
from sqlalchemy import select

from app.bootstrap import build
from app.core.errors import MissingPart
from app.core.events import StageFinished, Warned
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import SegmentKind, TimeSpan, VideoId
from app.core.types.objects import ObjectTrack, TimedBox, count_changes, place_of
from app.db.database import Database, sqlite_url
from app.db.library import SqlLibrary
from app.db.tables import object_tracks
from app.db.tracks import SqlTracks
from app.services.ingest.stages.objects import object_segments
from gpu_workers.vision.fakes import FakeObjectDetector
from tests.integration.offline_fakes import environment

VIDEO = VideoId("a" * 64)
RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "squares.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 180, "yuv420p", 4_000_000
        for number in range(48):
            time_s = number / 4
            image = np.full((180, 320, 3), 128, np.uint8)
            if 4 <= time_s < 8:
                image[60:120, 20:80] = RED
            if 6 <= time_s < 10:
                image[60:120, 240:300] = GREEN
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            for packet in stream.encode(frame):
                out.mux(packet)
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def longreel(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeObjectDetector, "classes", ("red", "green"))
    for name, value in {**environment(tmp_path), "LONGREEL_MODELS__OBJECT_DETECTOR": "fake"}.items():
        monkeypatch.setenv(name, value)
    return build(load_settings())


def _tracks(longreel, id):
    url = sqlite_url(longreel.settings.data / "longreel.sqlite")
    return SqlTracks(Database(url)).tracks(id)


def test_things_are_followed_stored_and_found_by_words(longreel, clip):
    video = longreel.ingest.run(IngestRequest(clip))
    red, green = _tracks(longreel, video.id)
    assert (red.name, green.name) == ("red", "green")
    assert red.span.start_s == pytest.approx(4, abs=1) and red.span.end_s == pytest.approx(8, abs=1)
    assert green.span.start_s == pytest.approx(6, abs=1) and green.span.end_s == pytest.approx(10, abs=1)
    assert place_of(red.best) == "left" and place_of(green.best) == "right"
    segments = longreel.library.segments(video.id, [SegmentKind.OBJECT])
    assert [one.text for one in segments] == ["red x1: left", "green x1: right"]
    (hit,) = longreel.moments.search("green", kinds=[SegmentKind.OBJECT], limit=1)
    assert "green x1" in str(hit)


def test_the_work_is_used_again_and_goes_with_the_video(longreel, clip):
    video = longreel.ingest.run(IngestRequest(clip))
    events = []
    longreel.ingest.run(IngestRequest(clip), report=events.append)
    again = {one.stage: one.reused for one in events if isinstance(one, StageFinished)}
    assert again["objects"] and again["object_index"] and len(_tracks(longreel, video.id)) == 2
    assert not list((longreel.settings.data / "media").rglob("objects/*.jpg"))
    database = Database(sqlite_url(longreel.settings.data / "longreel.sqlite"))
    SqlLibrary(database).delete_video(video.id)
    with database.reading() as connection:
        assert connection.execute(select(object_tracks)).all() == []


def test_without_its_weights_the_video_is_read_and_the_next_reading_finds_things(longreel, clip, monkeypatch):
    def lacks(self, frames, names, *, least):
        raise MissingPart("The detector is not installed.", "Run: pip install it.")

    with monkeypatch.context() as patch:
        patch.setattr(FakeObjectDetector, "detect", lacks)
        events = []
        video = longreel.ingest.run(IngestRequest(clip), report=events.append)
    assert video.ready and any("not installed" in one.message for one in events if isinstance(one, Warned))
    assert _tracks(longreel, video.id) == []
    longreel.ingest.run(IngestRequest(clip))
    assert len(_tracks(longreel, video.id)) == 2
    assert len(longreel.library.segments(video.id, [SegmentKind.OBJECT])) == 2


def test_nothing_is_looked_for_where_the_setting_says_so(longreel, clip, monkeypatch):
    monkeypatch.setenv("LONGREEL_INGEST__OBJECTS", "false")
    events = []
    build(load_settings()).ingest.run(IngestRequest(clip), report=events.append)
    assert "objects" not in {one.stage for one in events if isinstance(one, StageFinished)}


def track(name, start_s, end_s, left=0.1):
    box = TimedBox((start_s + end_s) / 2, (left, 0.3, left + 0.1, 0.8), 0.9)
    return ObjectTrack(name, TimeSpan(start_s, end_s), (box,), ((name, 1.0),))


def test_segments_tell_how_many_of_a_kind_there_are_while_the_number_stays():
    tracks = [track("bottle", 0, 20), track("bottle", 5, 10, 0.8), track("cat", 3, 4.5, 0.45)]
    texts = [(s.span.start_s, s.span.end_s, s.text) for s in object_segments(VIDEO, tracks, "detector")]
    assert texts == [
        (0, 5, "bottle x1: left"),
        (3, 4.5, "cat x1: middle"),
        (5, 10, "bottle x2: left, right"),
        (10, 20, "bottle x1: left"),
    ]


def test_of_a_busy_street_the_segments_tell_only_when_there_are_cars_and_how_many_at_most():
    tracks = [track("car", 2.0 * n, 2.0 * n + 3) for n in range(40)]
    (one,) = object_segments(VIDEO, tracks, "detector")
    assert one.text == "car x1-2" and (one.span.start_s, one.span.end_s) == (0, 81)


def test_changes_of_a_number_cover_a_span_without_gaps():
    tracks = [track("cup", 2, 6), track("cup", 4, 9)]
    changes = count_changes(tracks, TimeSpan(0, 10))
    assert [(s.start_s, s.end_s, n) for s, n in changes] == [(0, 2, 0), (2, 4, 1), (4, 6, 2), (6, 9, 1), (9, 10, 0)]
    assert count_changes([], None) == [] and count_changes([], TimeSpan(0, 3)) == [(TimeSpan(0, 3), 0)]
