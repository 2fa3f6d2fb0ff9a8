"""Shots by every frame, chunk by chunk, when the settings name a detector. The made file's picture jumps every 20 s."""

from __future__ import annotations

import pytest

from app.bootstrap import build, chunk_reader
from app.core.errors import MissingPart
from app.core.events import StageFinished
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import SegmentKind, TimeSpan
from app.services.ingest.calls import PicturesCall
from tests.integration.offline_fakes import environment
from tests.media_files import steady, write_media


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_media(tmp_path_factory.mktemp("clip") / "clip.mp4", times_s=steady(48))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    def chosen(detector):
        for name, value in {**environment(tmp_path), "LONGREEL_MODELS__SHOT_DETECTOR": detector}.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return chosen


def found(settings, clip, start, end):
    return chunk_reader(settings).shots(PicturesCall(str(clip), TimeSpan(start, end)), lambda share: None)


def test_a_chunk_tells_the_shots_that_begin_in_it_and_on_its_border(settings, clip):
    chosen = settings("fake")
    assert found(chosen, clip, 0.0, 48.0) == pytest.approx([20.0, 40.0])
    assert found(chosen, clip, 0.0, 20.0) == []
    assert found(chosen, clip, 20.0, 40.0) == pytest.approx([20.0])


def test_without_a_detector_the_setting_is_named(settings, clip):
    with pytest.raises(MissingPart) as caught:
        found(settings("none"), clip, 0.0, 48.0)
    assert "LONGREEL_MODELS__SHOT_DETECTOR" in caught.value.hint


def test_pieces_end_where_shots_do_and_the_work_is_kept(settings, clip):
    longreel = build(settings("fake"))
    video = longreel.ingest.run(IngestRequest(clip))
    pieces = sorted({s.span for s in longreel.library.segments(video.id, kinds=[SegmentKind.VISUAL])})
    assert pieces[0].end_s == pieces[1].start_s == pytest.approx(20.0)
    events = []
    longreel.ingest.run(IngestRequest(clip), report=events.append)
    assert [e.reused for e in events if isinstance(e, StageFinished) and e.stage == "shots"] == [True]


def test_without_a_detector_there_is_no_such_stage(settings, clip):
    events = []
    build(settings("none")).ingest.run(IngestRequest(clip), report=events.append)
    assert "shots" not in {e.stage for e in events if isinstance(e, StageFinished)}
