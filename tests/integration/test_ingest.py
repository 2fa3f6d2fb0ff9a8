"""Reading a video from file to library, with real files and stores and fake models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Services, build
from app.core.errors import BadInput, Cancelled, NotFound, StorageFull
from app.core.events import Event, IngestFinished, StageFinished, Warned
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import Segment, SegmentKind, TimeSpan, Video
from app.jobs.context import JobContext
from app.jobs.states import JobState
from app.services.ingest import turns
from tests.integration.conftest import OpenLibrary
from tests.integration.killed import ingest_until_killed
from tests.integration.offline_fakes import TEXT_READER, environment
from tests.integration.terminal import fork
from tests.narrated_file import write_narrated
from tests.subtitled_file import write_subtitled

Read = tuple[Services, Video]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_narrated(tmp_path_factory.mktemp("talk") / "talk.mp4", seconds=36)


@pytest.fixture(scope="module")
def read(talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """The talk, read in one go in a library that tests only look at."""
    return _read(talk, {**environment(tmp_path_factory.mktemp("read")), TEXT_READER: ""})


@pytest.fixture(scope="module")
def read_without_text(talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """As `read`, but what is on the screen is not read."""
    return _read(talk, environment(tmp_path_factory.mktemp("read")))


def _read(talk: Path, variables: dict[str, str]) -> Read:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        longreel = build(load_settings())
    return longreel, longreel.ingest.run(IngestRequest(talk))


def _found(longreel: Services, video: Video) -> list[str]:
    found = longreel.library.segments(video.id)
    said = [str(u.span) + u.text for u in longreel.library.utterances(video.id)]
    return sorted(f"{s.kind} {s.span} {s.text} {s.frame_s}" for s in found) + said


def test_a_video_becomes_segments_of_every_kind(read: Read) -> None:
    longreel, video = read
    kinds = {s.kind for s in longreel.library.segments(video.id)}
    assert {SegmentKind.SPEECH, SegmentKind.VISUAL, SegmentKind.SCREEN_TEXT} <= kinds
    assert longreel.library.videos()[0].ready
    assert longreel.library.digest(video.id) is not None
    assert longreel.library.thumbnail(video.id, 10.0)[:4] == b"RIFF"


def test_the_same_file_again_is_no_work(read: Read, talk: Path, tmp_path: Path) -> None:
    longreel, first = read
    copy = tmp_path / "other name.mp4"
    copy.write_bytes(talk.read_bytes())
    events: list[Event] = []
    again = longreel.ingest.run(IngestRequest(copy), report=events.append)
    assert again.id == first.id
    assert len(longreel.library.videos()) == 1
    assert all(e.reused for e in events if isinstance(e, StageFinished | IngestFinished))


def test_a_file_that_is_there_is_ready_at_once_whatever_waits(
    library: OpenLibrary, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(short))
    waiting = longreel.ingest.submit(IngestRequest(tmp_path / "large.mp4"))
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(short.read_bytes())
    job = longreel.ingest.submit(IngestRequest(copy, tags=("Talks",)))
    assert (job.state, job.result) == (JobState.FINISHED, {"video_id": video.id, "title": video.title})
    assert longreel.library.find(video.id).tags == ("Talks",)
    assert longreel.jobs.get(waiting.id).state is JobState.QUEUED
    copy.write_bytes(short.read_bytes()[::-1])
    others = (IngestRequest(short, language="de"), IngestRequest(copy), IngestRequest(tmp_path))
    assert [longreel.ingest.submit(other).state for other in others] == [JobState.QUEUED] * 3
    longreel.library.delete(video.id)
    assert longreel.ingest.submit(IngestRequest(short)).state is JobState.QUEUED
    longreel.library.restore(video.id)
    monkeypatch.setenv("LONGREEL_INGEST__SUMMARY_WORDS", "30")
    assert build(load_settings()).ingest.submit(IngestRequest(short)).state is JobState.QUEUED


def test_a_long_video_lets_a_short_one_go_first_and_goes_on_where_it_stopped(
    library: OpenLibrary, talk: Path, short: Path, read_without_text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MUCH_SMALLER", 0.9)
    longreel, report, events = library(), JobContext.report, list[tuple[str, Event]]()
    monkeypatch.setattr(turns, "TURN_S", 0.0)
    monkeypatch.setattr(turns, "LOOK_EVERY_S", 0.0)

    def note(context: JobContext, event: Event) -> None:
        if isinstance(event, StageFinished) and event.stage == "transcribe" and len(longreel.jobs.list()) == 1:
            longreel.ingest.submit(IngestRequest(short))
        events.append((context._job.title, event))
        report(context, event)

    monkeypatch.setattr(JobContext, "report", note)
    job = longreel.ingest.submit(IngestRequest(talk))
    while longreel.worker.run_one():
        pass
    finished = [title for title, event in events if isinstance(event, IngestFinished)]
    assert finished == ["short", "talk"]
    heard = [one for title, one in events if title == "talk" and isinstance(one, StageFinished)]
    assert [one.reused for one in heard if one.stage == "transcribe"] == [False, True]
    assert longreel.jobs.get(job.id).state is JobState.FINISHED
    assert _found(longreel, longreel.library.find("talk")) == _found(*read_without_text)


def test_two_files_of_one_name_are_two_videos(library: OpenLibrary, short: Path, tmp_path: Path) -> None:
    other = write_narrated(tmp_path / "short.mp4", seconds=5, seed=7)
    longreel = library()
    assert longreel.ingest.run(IngestRequest(short)).id != longreel.ingest.run(IngestRequest(other)).id
    assert [v.title for v in longreel.library.videos()] == ["short", "short"]


@pytest.mark.parametrize("stage", ["probe", "transcribe", "index", "digest"])
def test_a_killed_ingest_goes_on_and_ends_the_same(
    library: OpenLibrary, read_without_text: Read, talk: Path, stage: str
) -> None:
    kind = {"probe": "stage_finished", "index": "stage_started"}.get(stage, "stage_progress")
    assert _killed_and_resumed(library, talk, stage, kind) == _found(*read_without_text)


def test_reading_the_screen_goes_on_after_a_kill(
    library: OpenLibrary, read: Read, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TEXT_READER, "")
    assert _killed_and_resumed(library, talk, "screen_text", "stage_progress") == _found(*read)


def _killed_and_resumed(library: OpenLibrary, talk: Path, stage: str, kind: str) -> list[str]:
    process = fork(ingest_until_killed, talk, stage, kind)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    longreel, events = library(), list[Event]()
    video = longreel.ingest.run(IngestRequest(talk), report=events.append)
    assert any(isinstance(e, StageFinished) and e.reused for e in events)
    return _found(longreel, video)


def test_a_cancelled_ingest_can_go_on(library: OpenLibrary, short: Path) -> None:
    longreel = library()
    seen: list[Event] = []

    def cancelled() -> bool:
        return any(isinstance(e, StageFinished) and e.stage == "audio" for e in seen)

    with pytest.raises(Cancelled):
        longreel.ingest.run(IngestRequest(short), report=seen.append, cancelled=cancelled)
    assert longreel.ingest.run(IngestRequest(short)).ready


def test_a_file_that_goes_away_is_one_clear_error(library: OpenLibrary, short: Path, tmp_path: Path) -> None:
    doomed = tmp_path / "doomed.mp4"
    doomed.write_bytes(short.read_bytes())

    def report(event: Event) -> None:
        if isinstance(event, StageFinished) and event.stage == "probe":
            doomed.unlink()

    longreel = library()
    with pytest.raises(BadInput):
        longreel.ingest.run(IngestRequest(doomed), report=report)
    doomed.write_bytes(short.read_bytes())
    assert longreel.ingest.run(IngestRequest(doomed)).ready


def test_given_subtitles_are_used_instead_of_listening(library: OpenLibrary, short: Path, tmp_path: Path) -> None:
    given = tmp_path / "talk.srt"
    given.write_text("1\n00:00:02,000 --> 00:00:05,500\nThe bridge opened in 1932.\n", encoding="utf-8")
    longreel = library()
    video = longreel.ingest.run(IngestRequest(short, subtitles=given))
    said = longreel.library.utterances(video.id)
    assert [(u.span.start_s, u.span.end_s, u.text) for u in said] == [(2.0, 5.5, "The bridge opened in 1932.")]
    events: list[Event] = []
    longreel.ingest.run(IngestRequest(short), report=events.append)
    assert isinstance(events[-1], IngestFinished)
    assert events[-1].reused


def test_subtitles_of_another_film_are_warned_of_and_the_sound_is_transcribed(
    library: OpenLibrary, short: Path, tmp_path: Path
) -> None:
    given = tmp_path / "late.srt"
    given.write_text("1\n01:00:02,000 --> 01:00:05,500\nThe bridge opened in 1932.\n", encoding="utf-8")
    longreel = library()
    heard = longreel.library.utterances(longreel.ingest.run(IngestRequest(short)).id)
    events: list[Event] = []
    video = longreel.ingest.run(IngestRequest(short, subtitles=given), report=events.append)
    [warning] = [event.message for event in events if isinstance(event, Warned)]
    assert "No subtitle of late.srt lies within the video" in warning and "transcribed" in warning
    assert longreel.library.utterances(video.id) == heard
    assert all(one.model != "late.srt" for one in longreel.library.segments(video.id, [SegmentKind.SPEECH]))


def test_subtitles_in_an_old_encoding_with_a_bad_cue_are_read_and_the_cue_is_named(
    library: OpenLibrary, short: Path, tmp_path: Path
) -> None:
    given = tmp_path / "ja.srt"
    text = "1\n00:00:01,000 --> 00:00:02,000\n橋の費用は九十二万円です。\n\n2\n00:00:xx,000 --> 00:00:05,000\n鍵\n"
    given.write_bytes(text.encode("cp932"))
    longreel = library()
    events: list[Event] = []
    video = longreel.ingest.run(IngestRequest(short, subtitles=given), report=events.append)
    assert [one.text for one in longreel.library.utterances(video.id)] == ["橋の費用は九十二万円です。"]
    assert longreel.library.find(video.id).language == "ja"
    [warning] = [event.message for event in events if isinstance(event, Warned)]
    assert "Line 6 is not a time range" in warning


def test_the_subtitles_that_a_silent_film_carries_are_what_is_said(library: OpenLibrary, tmp_path: Path) -> None:
    path = write_subtitled(tmp_path, ("1\n00:00:01,000 --> 00:00:02,500\nThe captain hides the letter.\n", "eng"))
    longreel = library()
    video = longreel.ingest.run(IngestRequest(path))
    [said] = longreel.library.utterances(video.id)
    assert (said.text, said.span) == ("The captain hides the letter.", TimeSpan(1.0, 2.5))
    assert any("subtitle track 0 (eng)" in warning for warning in longreel.library.find(video.id).media.warnings)
    assert longreel.moments.search("letter", kinds=[SegmentKind.SPEECH])


def test_what_a_look_has_learned_is_still_found_when_a_video_was_read_again(library: OpenLibrary, short: Path) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(short))
    parts = longreel.ingest._make_parts()
    seen = Segment("look", video.id, SegmentKind.VISUAL, TimeSpan(4, 6), "A zebra crosses.", "eyes@1", 5.0, "Who?")
    parts.library.add_segments([seen])
    parts.retriever.add([seen])
    longreel.ingest.run(IngestRequest(short, language="de"))
    found = parts.retriever.search("A zebra crosses.", limit=3, videos=[video.id])
    assert seen in [one.segment for one in found]


def test_a_given_language_stays_until_detection_is_asked_for(library: OpenLibrary, short: Path) -> None:
    longreel = library()
    detected = longreel.ingest.run(IngestRequest(short)).language
    assert detected not in (None, "de")
    assert longreel.ingest.run(IngestRequest(short, language="de")).language == "de"
    assert longreel.ingest.run(IngestRequest(short)).language == "de"
    assert longreel.ingest.run(IngestRequest(short, language="auto")).language == detected
    assert longreel.ingest.run(IngestRequest(short)).language == detected


@pytest.mark.parametrize("option", ["audio_track", "subtitle_track"])
def test_an_option_that_was_refused_is_forgotten(library: OpenLibrary, short: Path, option: str) -> None:
    track: dict[str, Any] = {option: 7}
    longreel, wrong = library(), IngestRequest(short, **track)
    with pytest.raises(BadInput):
        longreel.ingest.run(wrong)
    assert longreel.ingest.run(IngestRequest(short, language="de")).ready
    job = longreel.ingest.submit(wrong)
    longreel.worker.run_one()
    assert longreel.jobs.get(job.id).state is JobState.FAILED
    assert longreel.ingest.run(IngestRequest(short)).language == "de"


def test_a_reading_that_was_stopped_goes_on_with_its_options(library: OpenLibrary, short: Path) -> None:
    longreel = library()
    assert longreel.ingest.run(IngestRequest(short)).language not in (None, "de")
    seen: list[Event] = []

    def cancelled() -> bool:
        return any(isinstance(e, StageFinished) and e.stage == "audio" for e in seen)

    with pytest.raises(Cancelled):
        longreel.ingest.run(IngestRequest(short, language="de"), report=seen.append, cancelled=cancelled)
    assert longreel.ingest.run(IngestRequest(short)).language == "de"


def test_a_deleted_video_leaves_nothing_but_its_file(library: OpenLibrary, short: Path, tmp_path: Path) -> None:
    longreel = library()
    video = longreel.ingest.run(IngestRequest(short))
    longreel.library.delete(video.id, now=True)
    assert longreel.library.videos() == []
    assert short.exists()
    assert not list((tmp_path / "data" / "media").rglob("*.webp"))


def test_what_is_found_after_a_video_was_deleted_is_forgotten_too(
    library: OpenLibrary, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longreel = library()
    retriever = longreel.ingest._make_parts().retriever
    add = retriever.add

    def deleted_just_before(segments: Sequence[Segment]) -> None:
        for video in longreel.library.videos():
            longreel.library.delete(video.id, now=True)
        add(segments)

    monkeypatch.setattr(retriever, "add", deleted_just_before)
    with pytest.raises(NotFound):
        longreel.ingest.run(IngestRequest(short))
    assert longreel.moments.search("somebody speaks") == []
    assert not [path for path in (longreel.settings.data / "media").rglob("*") if path.is_file()]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_one_clear_error_and_loses_nothing(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        for name, value in environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        filler = small / "filler"
        settings = load_settings().model_copy(update={"media_url": str(small / "media")})
        filler.write_bytes(b"\0" * (3 * 1024 * 1024 - 16384))
        longreel = build(settings)
        with pytest.raises(StorageFull, match=r"[Ff]ull|space"):
            longreel.ingest.run(IngestRequest(talk))
        filler.unlink()
        assert longreel.ingest.run(IngestRequest(talk)).ready
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_payload_of_a_job_is_plain_data(library: OpenLibrary, talk: Path) -> None:
    job = library().ingest.submit(IngestRequest(talk, title="A talk"))
    assert json.loads(json.dumps(job.payload))["title"] == "A talk"
