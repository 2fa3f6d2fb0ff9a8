"""What is known of a video's file itself."""

from __future__ import annotations

from agents.evidence.files import file_passage
from agents.evidence.known_questions import known_questions
from app.core.types import AnswerStatus, FileTags, MediaInfo, SegmentKind, TimeSpan, Video, VideoId
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk

LENGTH = known_questions("length")


def desk() -> Desk:
    weights = lambda _, labels: {labels[0]: 0.1, labels[1]: 0.9}  # noqa: E731 - as the fake takes it
    return Desk(
        [(0, 5, "The film is long."), (80, 95, "Goodbye.")], chat=FakeChat([], capabilities=SMALL, weights=weights)
    )


def test_how_long_a_video_is_is_read_from_the_file() -> None:
    answer = desk().ask(LENGTH.facts["length"][0])
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "10:00")
    assert [(one.kind, one.verified) for one in answer.citations] == [(SegmentKind.SUMMARY, True)]


def test_the_length_of_something_else_is_not_that_of_the_file() -> None:
    for question in LENGTH.other[:5]:
        assert "long" not in desk().ask(question).text.split()


def test_the_file_is_described_with_its_tags() -> None:
    tags = FileTags(created_at="2026-05-03T10:00:00", camera="Lumen X1")
    video = Video(VideoId("a" * 64), "Tea", "/tea.mp4", MediaInfo("mp4", 75.0, 0.0, 1000, None, tags=tags))
    passage = file_passage(video)
    assert passage.text == "file: 1:15 long, created 2026-05-03T10:00:00, camera Lumen X1"
    assert passage.span == TimeSpan(0.0, 75.0)
