"""The list of the stages, and the keys under which their results are stored."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from app.core.describe import STAGE_NAMES
from app.core.settings import Ingest
from app.core.types import Video, VideoId
from app.services.ingest import pipeline
from app.services.ingest.run import Options, Run
from app.services.ingest.stages.audio import AUDIO
from app.services.ingest.stages.segment import SEGMENT
from app.services.ingest.stages.transcribe import SUBTITLES, TRACK, TRANSCRIBE
from gpu_workers.media.fakes import FAKE_MEDIA

ALL = (*pipeline.SOUND, *pipeline.PICTURES, *pipeline.LIBRARY, *pipeline.LAST)


def run_with(options: Options, **versions: str) -> Run:
    parts, video = cast(Any, SimpleNamespace()), Video(VideoId("v"), "Film", "film.mkv", FAKE_MEDIA)
    return Run(parts, Ingest(), video, Path("film.mkv"), options, lambda _: None, lambda: False, versions)


def test_every_stage_has_a_name_for_people() -> None:
    assert {"download", "probe", *(stage.name for stage in ALL)} <= set(STAGE_NAMES)


def test_every_stage_follows_those_that_it_builds_on() -> None:
    for lane in (pipeline.SOUND, pipeline.PICTURES, ALL):
        known = {"probe"}
        for stage in lane:
            assert set(stage.inputs) <= known, stage.name
            known.add(stage.name)


def test_of_the_ways_to_a_transcript_one_is_wanted() -> None:
    for options, way in (
        (Options(), TRANSCRIBE),
        (Options(subtitle_track=1), TRACK),
        (Options(subtitles="1"), SUBTITLES),
        (Options(subtitles="1", subtitle_track=1), SUBTITLES),
    ):
        run = run_with(options)
        assert [one for one in (SUBTITLES, TRACK, TRANSCRIBE) if one.wanted(run)] == [way]


def test_libraries_of_earlier_versions_keep_their_results() -> None:
    assert AUDIO.key(run_with(Options())) == "2/120"
    assert SUBTITLES.key(run_with(Options(subtitles="1\n"))) == "7c034eae6d66d3296f516b89"
    assert SEGMENT.key(run_with(Options(), sample="a", transcribe="b")) == "d970635fe09e31c22b841fe7"
    assert SEGMENT.key(run_with(Options(), sample="a", transcribe="b", shots="c")) == "eb20b870b020aa708a58ed76"
