"""The estimate of a batch rests on what this machine has needed lately."""

from __future__ import annotations

from app.db.database import MemoryDatabase
from app.db.stages import SqlStageStore
from app.services.speeds import RECENT, USUAL, recent_speed, save_speed
from tests.unit.services.summarize.library import a_video


def test_the_speed_is_the_median_of_the_newest_measurements() -> None:
    stages = SqlStageStore(MemoryDatabase())
    videos = [a_video(letter) for letter in "abcdefghijklmno"]
    for number, video in enumerate(videos):
        save_speed(stages, video.id, "reading", 100.0 * (number + 1), 100.0)
    assert recent_speed(stages, videos, "reading").seconds == (RECENT + 1) / 2
    assert recent_speed(stages, videos, "reading").videos == RECENT


def test_one_slow_video_does_not_decide_and_without_any_the_usual_speed_is_taken() -> None:
    stages, videos = SqlStageStore(MemoryDatabase()), [a_video(letter) for letter in "abc"]
    assert (recent_speed(stages, videos, "answer").seconds, recent_speed(stages, videos, "answer").videos) == (
        USUAL["answer"],
        0,
    )
    for video, seconds in zip(videos, (4.0, 400.0, 5.0), strict=True):
        save_speed(stages, video.id, "answer", 2 * seconds, 2)
    assert recent_speed(stages, videos, "answer").seconds == 5.0


def test_nothing_done_is_no_measurement() -> None:
    stages, video = SqlStageStore(MemoryDatabase()), a_video()
    save_speed(stages, video.id, "answer", 0.1, 0)
    assert recent_speed(stages, [video], "answer").videos == 0
