"""From a file with two voices to named speakers, and sentences that are told while a file is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bootstrap import Services, build
from app.core.events import Event, Heard, StageFinished
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import TimeSpan
from tests.integration.offline_fakes import environment
from tests.integration.terminal import Terminal
from tests.narrated_file import write_narrated


@pytest.fixture
def longreel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name, value in {**environment(tmp_path), "LONGREEL_INGEST__SPEAKERS_CHUNK_S": "60"}.items():
        monkeypatch.setenv(name, value)
    return build(load_settings())


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_narrated(tmp_path_factory.mktemp("talk") / "talk.mp4", seconds=64, voices=2)


def test_sentences_get_speakers_over_all_chunks_and_names_reach_a_second_video(
    longreel: Services, talk: Path, tmp_path: Path
) -> None:
    video = longreel.ingest.run(IngestRequest(talk, speakers=True))
    assert [one.label for one in longreel.speakers.of(video.id)] == ["Speaker 1", "Speaker 2"]
    said = longreel.library.utterances(video.id)
    assert len(said) == 16
    assert [one.speaker for one in said] == ["Speaker 1", "Speaker 2"] * 8
    longreel.speakers.rename(video.id, "Speaker 2", "Anna")
    assert [one.speaker for one in longreel.library.utterances(video.id)] == ["Speaker 1", "Anna"] * 8
    found = longreel.moments.search("somebody speaks", speaker="Anna")
    assert found and all(one.segment.video_id == video.id for one in found)
    other = write_narrated(tmp_path / "other.mp4", seconds=24, seed=2, voices=1)
    second = longreel.ingest.run(IngestRequest(other, speakers=True))
    assert [(one.title, one.recognised) for one in longreel.speakers.of(second.id)] == [("Anna", True)]


def test_voices_are_told_apart_later_without_listening_again(longreel: Services, talk: Path) -> None:
    video = longreel.ingest.run(IngestRequest(talk))
    assert {one.speaker for one in longreel.library.utterances(video.id)} == {None}
    events: list[Event] = []
    longreel.ingest.run(IngestRequest(talk, speakers=True), report=events.append)
    done = {event.stage: event.reused for event in events if isinstance(event, StageFinished)}
    assert done["speakers"] is False and done["transcribe"] and done["index"] and done["digest"]
    assert {one.speaker for one in longreel.library.utterances(video.id)} == {"Speaker 1", "Speaker 2"}
    events.clear()
    longreel.ingest.run(IngestRequest(talk), report=events.append)
    assert all(event.reused for event in events if isinstance(event, StageFinished))


def test_what_was_heard_is_told_and_can_be_read_and_found_while_the_rest_is_read(
    longreel: Services, talk: Path
) -> None:
    told: list[tuple[Heard, int, bool]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Heard):
            (video,) = longreel.library.videos()
            said = longreel.library.utterances(video.id)
            assert [(u.span.start_s, u.span.end_s, u.text) for u in said][-len(event.sentences) :] == list(
                event.sentences
            )
            found = longreel.moments.search("somebody speaks", window=event.span)
            told.append((event, len(said), bool(found) and not video.ready))

    video = longreel.ingest.run(IngestRequest(talk), report=listen)
    assert len(told) >= 2 and all(early for _, _, early in told)
    assert [count for _, count, _ in told] == sorted(count for _, count, _ in told)
    assert told[-1][1] == len(longreel.library.utterances(video.id)) == 16
    found = longreel.moments.search("somebody speaks", window=TimeSpan(0, 64), limit=50)
    assert not [one for one in found if "early" in one.segment.id]


def test_the_command_line_lists_and_names_speakers(tmp_path: Path, talk: Path) -> None:
    terminal = Terminal(tmp_path)
    assert terminal.run("ingest", str(talk), "--speakers").returncode == 0
    listed = json.loads(terminal.run("speakers", "talk", "--json").stdout)
    assert [one["label"] for one in listed] == ["Speaker 1", "Speaker 2"]
    named = terminal.run("speakers", "rename", "talk", "Speaker 1", "Anna")
    assert named.returncode == 0 and "Anna" in named.stdout
    assert terminal.run("speakers", "rename", "talk", "Zoe", "Anna").returncode == 4
    assert "Anna" in terminal.run("speakers", "talk").stdout
