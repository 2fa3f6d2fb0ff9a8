"""Which of a file's subtitles are used, and what a person hears of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from app.core.events import Warned
from app.core.types import SubtitleTrack, Transcript, Video, VideoId
from app.services.ingest.run import Run
from app.services.ingest.subtitle_tracks import best, report, used_note
from gpu_workers.media.fakes import FAKE_MEDIA

FORCED = SubtitleTrack(0, "subrip", True, "eng", "Signs", forced=True)
ENGLISH = SubtitleTrack(1, "subrip", True, "eng")
GERMAN = SubtitleTrack(2, "ass", True, "ger", default=True)
UNKNOWN = SubtitleTrack(4, "arib_caption", False, "jpn")
DISC = SubtitleTrack(3, "hdmv_pgs_subtitle", False, "fre")


def told(tracks: list[SubtitleTrack], used: SubtitleTrack | None) -> list[str]:
    messages: list[str] = []
    stored: list[Any] = []

    def hear(event: object) -> None:
        assert isinstance(event, Warned)
        messages.append(event.message)

    library = SimpleNamespace(set_media=lambda _, media: stored.append(media))
    video = Video(VideoId("v"), "Film", "film.mkv", FAKE_MEDIA)
    parts, nothing = cast(Any, SimpleNamespace(library=library)), cast(Any, None)
    run = Run(parts, nothing, video, Path("film.mkv"), nothing, hear, lambda: False)
    report(run, tracks, Transcript((), None, (used_note(used),) if used else ()))
    assert [list(media.warnings) for media in stored] == ([messages] if messages else [])
    return messages


def test_the_default_whole_track_of_text_is_the_best() -> None:
    assert best([FORCED, ENGLISH, GERMAN, DISC]) == GERMAN
    assert best([FORCED, ENGLISH, DISC]) == best([DISC, ENGLISH]) == ENGLISH
    assert best([FORCED, DISC]) == DISC
    assert best([FORCED, UNKNOWN]) is None


def test_tracks_are_offered_and_those_that_cannot_be_read_are_named() -> None:
    offered, unreadable = told([ENGLISH, GERMAN, DISC, UNKNOWN], None)
    assert "3 subtitle tracks, counted from 0: 1 (eng), 2 (ger), 3 (fre, pictures)" in offered
    assert "--subtitle-track" in offered
    assert "4 (" in unreadable and "arib_caption" in unreadable


def test_a_track_that_is_used_is_told() -> None:
    [used] = told([ENGLISH], ENGLISH)
    assert "subtitle track 1 (eng)" in used and "no audible sound" in used


def test_a_file_without_subtitles_is_not_spoken_of() -> None:
    assert told([], None) == []
