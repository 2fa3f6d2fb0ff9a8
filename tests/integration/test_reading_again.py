"""A video that is ready is read again with other options, and that is stopped: what it had is still there."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import Services
from app.core.errors import Cancelled
from app.core.events import Event, Heard, StageFinished, StageStarted
from app.core.requests import IngestRequest
from app.core.types import Segment, Utterance, Video
from tests.integration.conftest import OpenLibrary
from tests.narrated_file import write_narrated


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_narrated(tmp_path_factory.mktemp("talk") / "talk.mp4", seconds=64, voices=2)


def _stopped(longreel: Services, request: IngestRequest, kind: type[Event], stage: str | None = None) -> None:
    """Reads until an event comes, of one stage where events of this kind have one."""

    def note(event: Event) -> None:
        if isinstance(event, kind) and stage in (None, getattr(event, "stage", None)):
            raise Cancelled("Reading the video was cancelled.")

    with pytest.raises(Cancelled):
        longreel.ingest.run(request, report=note)


def _known(longreel: Services, video: Video) -> tuple[list[Utterance], list[Segment], set[str]]:
    """What the library says of a video, and what the search finds in it."""
    found = longreel.moments.search("somebody speaks", limit=100)
    return longreel.library.utterances(video.id), longreel.library.segments(video.id), {e.segment.id for e in found}


def _index_fits(longreel: Services) -> bool:
    return longreel.reindexer is not None and longreel.reindexer.differing() == []


def test_a_ready_video_keeps_its_transcript_while_it_is_heard_again(library: OpenLibrary, talk: Path) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(talk, speakers=True))
    before = _known(longreel, video)
    assert {one.speaker for one in before[0]} == {"Speaker 1", "Speaker 2"}
    _stopped(longreel, IngestRequest(talk, language="de"), Heard)
    assert _known(longreel, video) == before
    events: list[Event] = []
    longreel.ingest.run(IngestRequest(talk, language="auto"), report=events.append)
    assert all(event.reused for event in events if isinstance(event, StageFinished))
    assert _known(longreel, video) == before
    assert _index_fits(longreel)


@pytest.mark.parametrize("stage", ["speakers", "index", "digest"])
def test_going_back_to_the_former_options_brings_back_speakers_and_search(
    library: OpenLibrary, talk: Path, stage: str
) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(talk, speakers=True))
    before = _known(longreel, video)
    _stopped(longreel, IngestRequest(talk, language="de"), StageStarted, stage)
    assert {one.language for one in longreel.library.utterances(video.id)} == {"de"}
    _stopped(longreel, IngestRequest(talk, language="auto"), StageStarted, "speakers")
    longreel.ingest.run(IngestRequest(talk, language="auto"))
    assert _known(longreel, video) == before
    assert _index_fits(longreel)


def test_a_new_video_is_whole_after_two_readings_that_were_stopped(library: OpenLibrary, talk: Path) -> None:
    longreel = library()
    _stopped(longreel, IngestRequest(talk, speakers=True), StageFinished, "index")
    _stopped(longreel, IngestRequest(talk, language="de"), Heard)
    [half_read] = longreel.library.videos()
    assert not half_read.ready
    assert "de" in {one.language for one in longreel.library.utterances(half_read.id)}
    assert [one for one in _known(longreel, half_read)[2] if "early" in one]
    video = longreel.ingest.run(IngestRequest(talk, language="auto"))
    said, _, found = _known(longreel, video)
    assert {(one.speaker, one.language) for one in said} == {("Speaker 1", "en"), ("Speaker 2", "en")}
    assert not [one for one in found if "early" in one]
    assert _index_fits(longreel)
