"""What a file carries is used and reported: its tracks, its chapters and title, and that it has changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image
from rich.console import Console

from app.bootstrap import Services, build
from app.commands.ingesting import delete_older
from app.core.errors import BadInput, Cancelled
from app.core.events import Answered, Event, StageProgress, Warned
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.types import (
    Answer,
    AnswerStatus,
    Frame,
    SegmentKind,
    SoundChoice,
    TextLine,
    TimeSpan,
    from_json,
)
from gpu_workers.media.clip import cut
from gpu_workers.media.video_frames import VideoFrames
from gpu_workers.selection.topk import TopKSelector
from gpu_workers.vision.fakes import FakeTextReader
from tests.integration.offline_fakes import TEXT_READER, environment
from tests.media_files import noise, steady, with_streams, write_media
from tests.narrated_file import write_narrated
from tests.picture_subtitles import write_pgs
from tests.unit.api.tiny_video import write_webm

Warnings = Callable[..., list[str]]


@pytest.fixture
def longreel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name, value in environment(tmp_path / "library").items():
        monkeypatch.setenv(name, value)
    return build(load_settings())


def warned(longreel: Services, path: Path, **options: object) -> list[str]:
    """Reads a file; the warnings that a user sees."""
    events: list[Event] = []
    longreel.ingest.run(IngestRequest(path, **options), report=events.append)  # type: ignore[arg-type]
    return [event.message for event in events if isinstance(event, Warned)]


def jpeg_of(path: Path) -> bytes:
    """The first picture of a file."""
    buffer = io.BytesIO()
    Image.fromarray(next(VideoFrames().at(path, [0.0], max_side=0)).image).save(buffer, "JPEG")
    return buffer.getvalue()


def with_chapters(path: Path, source: Path, title: str, chapters: list[tuple[float, float, str]]) -> Path:
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        out.metadata["title"] = title
        out.set_chapters(
            [
                {
                    "id": number,
                    "start": round(start_s * 1000),
                    "end": round(end_s * 1000),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": name},
                }
                for number, (start_s, end_s, name) in enumerate(chapters)
            ]
        )
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_chapters_and_the_title_of_the_file_are_those_of_the_video(longreel, tmp_path, suffix):
    talk = write_narrated(tmp_path / "talk.mp4", seconds=12)
    chapters = [(0.0, 5.0, "Opening by the mayor"), (5.0, 12.0, "Safety report")]
    path = with_chapters(tmp_path / f"file.{suffix}", talk, "Council session", chapters)
    video = longreel.ingest.run(IngestRequest(path))
    assert video.title == "Council session"
    found = longreel.library.chapters(video.id)
    assert [chapter.title for chapter in found] == ["Opening by the mayor", "Safety report"]
    assert [round(chapter.span.start_s) for chapter in found] == [0, 5]
    texts = [one.text for one in longreel.library.segments(video.id, kinds=[SegmentKind.SUMMARY])]
    assert any(text.startswith("Safety report") for text in texts)
    assert longreel.ingest.run(IngestRequest(path, title="My own")).id == video.id


def test_chapters_that_begin_later_leave_one_for_the_beginning(longreel, tmp_path):
    talk = write_narrated(tmp_path / "talk.mp4", seconds=12)
    path = with_chapters(tmp_path / "file.mkv", talk, "", [(4.0, 8.0, "First"), (8.0, 12.0, "Second")])
    video = longreel.ingest.run(IngestRequest(path))
    assert video.title == "file"
    titles = [(round(one.span.start_s), one.title) for one in longreel.library.chapters(video.id)]
    assert titles == [(0, "Beginning"), (4, "First"), (8, "Second")]


def test_a_silent_first_sound_track_gives_way_and_the_user_is_told(longreel, tmp_path):
    path = write_media(tmp_path / "a.mkv", times_s=steady(4.0), tones_hz=[0.0, 440.0], sound_s=4.0)
    (note,) = warned(longreel, path)
    assert "2 sound tracks" in note and "track 1 is transcribed" in note and "--audio-track" in note
    video = longreel.library.videos()[0]
    assert video.media.sound == SoundChoice(1) and note in video.media.warnings
    (note,) = warned(longreel, path, audio_track=0)
    assert "track 0 is transcribed" in note
    assert longreel.library.videos()[0].media.sound == SoundChoice(0)
    assert longreel.library.videos()[0].media.warnings == (note,)


@pytest.mark.parametrize("option", ["audio_track", "video_track"])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(longreel, tmp_path, option):
    path = write_media(tmp_path / "a.mkv", times_s=steady(2.0), tones_hz=[440.0])
    with pytest.raises(BadInput, match="track 7") as caught:
        longreel.ingest.run(IngestRequest(path, **{option: 7}))
    assert caught.value.hint == "Choose one of: 0."


def test_a_file_with_one_track_of_each_kind_gives_no_note(longreel, tmp_path):
    assert warned(longreel, write_media(tmp_path / "a.mp4", times_s=steady(2.0), tones_hz=[440.0])) == []


def test_a_recording_that_has_grown_is_told_apart_from_its_beginning(longreel, tmp_path):
    whole = write_media(tmp_path / "whole.ts", times_s=steady(8.0, 25.0), tones_hz=[440.0], sound_s=8.0).read_bytes()
    path = tmp_path / "recording.ts"
    path.write_bytes(whole[: len(whole) // 3])
    assert not any("has changed" in note for note in warned(longreel, path))
    first = longreel.library.videos()[0]
    path.write_bytes(whole)
    (note,) = [note for note in warned(longreel, path) if "has changed" in note]
    assert f"longreel delete {first.id[:12]}" in note and "--replace" in note
    grown = longreel.library.videos()[0]
    delete_older(longreel, Console(stderr=True), grown.id)
    assert [video.id for video in longreel.library.videos()] == [grown.id] != [first.id]
    assert [one.video.id for one in longreel.library.binned()] == [first.id]
    assert not any(
        "has changed" in note for note in warned(longreel, write_media(tmp_path / "b.mp4", tones_hz=[300.0]))
    )


def test_subtitles_that_are_pictures_are_read_and_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(tmp_path / "library"), TEXT_READER: ""}.items():
        monkeypatch.setenv(name, value)
    longreel = build(load_settings())
    path = write_pgs(
        tmp_path / "disc.mkv",
        [(TimeSpan(1.0, 2.5), "The captain hides the letter"), (TimeSpan(3.0, 4.5), "in the piano")],
    )
    video = longreel.ingest.run(IngestRequest(path))
    said = longreel.library.utterances(video.id)
    assert [(one.span.start_s, one.span.end_s) for one in said] == [(1.0, 2.5), (3.0, 4.5)]
    assert "captain hides the letter" in said[0].text and "piano" in said[1].text
    assert any("subtitle track 0" in note for note in video.media.warnings)


@pytest.mark.parametrize("track", [0, None])
def test_subtitles_that_are_pictures_are_read_once_also_after_a_stop(tmp_path, monkeypatch, track):
    for name, value in environment(tmp_path / "library").items():
        monkeypatch.setenv(name, value)
    spans = [TimeSpan(1.0, 1.5), TimeSpan(2.0, 2.5), TimeSpan(3.0, 3.5)]
    path = write_pgs(tmp_path / "disc.mkv", [(span, "The captain") for span in spans])
    read_s: list[float] = []

    def read(_: FakeTextReader, frame: Frame) -> list[TextLine]:
        read_s.append(frame.pts_s)
        return [TextLine("The captain", 1.0, (0.1, 0.8, 0.9, 0.9))]

    monkeypatch.setattr(FakeTextReader, "read", read)
    longreel, events = build(load_settings()), list[Event]()
    request = IngestRequest(path, subtitle_track=track)
    with pytest.raises(Cancelled):
        longreel.ingest.run(request, cancelled=lambda: any(time_s in (1.0, 2.0) for time_s in read_s))
    video = longreel.ingest.run(request, report=events.append)
    assert [time_s for time_s in read_s if time_s in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]
    assert [(one.span, one.text) for one in longreel.library.utterances(video.id)] == [
        (span, "The captain") for span in spans
    ]
    assert [event for event in events if isinstance(event, StageProgress) and event.stage == "transcribe"]


def test_the_picture_track_that_a_person_chose_is_shown_everywhere(longreel, tmp_path):
    chosen = write_webm(tmp_path / "wide.webm")
    path = with_streams(tmp_path / "two.mkv", noise(tmp_path / "best.mkv", 20.0), chosen, default=0)
    video = longreel.ingest.run(IngestRequest(path, video_track=1))
    for thumbnail in tmp_path.rglob("*.webp"):
        thumbnail.unlink()
    clip = tmp_path / "clip.mkv"
    cut(path, TimeSpan(3.0, 5.0), clip, track=video.media.picture_track)
    shown = {
        "step": longreel.moments.picture(video, 7.4, 320).jpeg,
        "slide": longreel.library.picture(video.id, 7.4, 320),
        "thumbnail": longreel.library.thumbnail(video.id, 7.4),
        "saved moment": jpeg_of(longreel.moments.clip(video, TimeSpan(3.0, 5.0), tmp_path)[0]),
        "clip": jpeg_of(clip),
    }
    assert {name: Image.open(io.BytesIO(data)).size for name, data in shown.items()} == dict.fromkeys(shown, (320, 180))

    (event,) = longreel.pictures.locate("Where?", next(VideoFrames().at(chosen, [7.4], max_side=0)).image, [video])
    assert isinstance(event, Answered) and from_json(Answer, event.answer).status is AnswerStatus.ANSWERED


def test_frames_are_chosen_in_the_picture_track_that_a_person_chose(longreel, tmp_path, monkeypatch):
    slow = write_media(tmp_path / "slow.mkv", times_s=steady(8), options={"g": "40", "sc_threshold": "0", "bf": "0"})
    path = with_streams(tmp_path / "two.mkv", noise(tmp_path / "best.mkv", 8.0), slow, default=0)
    video = longreel.ingest.run(IngestRequest(path, video_track=1))
    keyframes = longreel.selection.choose(video, 8, method="keyframes").times_s
    assert keyframes == pytest.approx([0.0, 4.0], abs=0.6)

    def look_again(selector, question, candidates, count, *, fetch):
        assert [frame.image.shape for frame in fetch([0.0, 1.0])] == [(48, 64, 3)] * 2
        return [0]

    monkeypatch.setattr(TopKSelector, "select", look_again)
    assert longreel.selection.choose(video, 1, question="a bar", method="top-k").times_s == (0.0,)
