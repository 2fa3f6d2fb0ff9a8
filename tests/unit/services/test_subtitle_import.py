from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.errors import BadInput
from app.core.types import TimeSpan
from app.services.subtitle_import import read


def test_a_transcript_of_whisperx_is_what_was_said_and_not_captions(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    segment = {"start": 1.0, "end": 2.5, "text": " Hello.", "words": [], "speaker": "SPEAKER_01"}
    file.write_text(json.dumps({"segments": [segment], "word_segments": [], "language": "en"}), "utf-8")
    [found] = read(file, None, 1.0)
    [said] = found.said
    assert (found.title, found.seen, found.duration_s) == ("talk", (), 2.5)
    assert (said.text, said.span, said.speaker) == ("Hello.", TimeSpan(1.0, 2.5), "SPEAKER_01")


def test_captions_of_a_video_that_is_called_segments_stay_captions(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"segments": ["a dog", {"start_s": 1, "end_s": 2, "text": "a cat"}]}), "utf-8")
    [found] = read(file, None, 1.0)
    assert [one.text for one in found.seen] == ["a dog", "a cat"] and found.said == ()


def test_half_of_an_emoji_in_captions_becomes_a_question_mark(tmp_path: Path) -> None:
    file, half = tmp_path / "many.json", "dog \ud83d"
    file.write_text(json.dumps({half: [half], "whole": [{"start_s": 0, "end_s": 1, "text": half}]}), "utf-8")
    videos = read(file, None, 1.0)
    assert [(one.title, one.seen[0].text) for one in videos] == [("dog ?", "dog ?"), ("whole", "dog ?")]


@pytest.mark.parametrize("name", ["talk.txt", "talk"])
def test_subtitles_are_recognized_by_their_content_and_not_by_the_ending(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("1\n00:00:01,000 --> 00:00:02,500\nHello.\n", "utf-8")
    [found] = read(file, None, 1.0)
    assert [(one.span, one.text) for one in found.said] == [(TimeSpan(1.0, 2.5), "Hello.")]


@pytest.mark.parametrize("content", [b"Notes of a meeting.\n", b"\x89PNG\r\n\x1a\n\x00", b'{"a": ["x"'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="neither subtitles nor JSON"):
        read(file, None, 1.0)


def test_a_mistyped_time_that_makes_a_film_of_weeks_is_refused(tmp_path: Path) -> None:
    file, line = tmp_path / "talk.srt", "{}:00:03,000 --> {}:00:04,000\nHello.\n\n"
    file.write_text(line.format("00", "00") + line.format("900", "900"), "utf-8")
    with pytest.raises(BadInput, match="900 hours long"):
        read(file, None, 1.0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"a": [{"start_s": 0, "end_s": 3600000000, "text": "x"}]}', "hours long.*are seconds"),
        ('{"segments": [{"start": 0, "end": 1e15, "text": "x"}]}', "hours long.*are seconds"),
        (f'{{"a": [{{"start_s": 0, "end_s": 1{"0" * 400}, "text": "x"}}]}}', "caption 1 is not a caption"),
        ("[" * 100_000, "neither subtitles nor JSON"),
    ],
)
def test_what_can_be_no_captions_of_a_film_is_refused(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput, match=told):
        read(file, None, 1.0)
