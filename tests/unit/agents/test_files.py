"""What is known of a video's file itself."""

from __future__ import annotations

import pytest

from agents.evidence.files import file_passage
from agents.evidence.question_classifier import AskedFor, QuestionClassifier
from app.core.types import AnswerStatus, FileTags, MediaInfo, SegmentKind, TimeSpan, Video, VideoId
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.parts import SMALL, Desk


def desk() -> Desk:
    weights = lambda _, labels: {labels[0]: 0.1, labels[1]: 0.9}  # noqa: E731 - as the fake takes it
    return Desk(
        [(0, 5, "The film is long."), (80, 95, "Goodbye.")], chat=FakeChat([], capabilities=SMALL, weights=weights)
    )


def test_how_long_a_video_is_is_read_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuestionClassifier, "asked_for", lambda *_: AskedFor.LENGTH)
    answer = desk().ask("How long is the video?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "10:00")
    assert [(one.kind, one.verified) for one in answer.citations] == [(SegmentKind.SUMMARY, True)]


def test_the_file_is_described_with_its_tags() -> None:
    tags = FileTags(created_at="2026-05-03T10:00:00", camera="Lumen X1")
    video = Video(VideoId("a" * 64), "Tea", "/tea.mp4", MediaInfo("mp4", 75.0, 0.0, 1000, None, tags=tags))
    passage = file_passage(video)
    assert passage.text == "file: 1:15 long, created 2026-05-03T10:00:00, camera Lumen X1"
    assert passage.span == TimeSpan(0.0, 75.0)
