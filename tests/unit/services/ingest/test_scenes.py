"""Segments are described several at a time; each answer is stored, and what failed is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from app.core.errors import Cancelled, MissingPart, NotFound, WorkerFailed
from app.core.events import Event, Warned
from app.core.settings import Ingest
from app.core.types import Caption, Frame, FrameFeatures, MediaInfo, TimeSpan, Video, VideoId
from app.core.types.scenes import Subject
from app.db.database import Database, sqlite_url
from app.db.stages import SqlStageStore
from app.services.ingest.calls import DescribeCall
from app.services.ingest.chunks import ChunkReader
from app.services.ingest.frame_samples import Sampled
from app.services.ingest.run import Options, Run
from app.services.ingest.stages.describe import DESCRIBE, GIVE_UP_AFTER
from gpu_workers.cluster.local import LocalRuntime

SPANS = [TimeSpan(10.0 * at, 10.0 * (at + 1)) for at in range(30)]
VIDEO = Video(VideoId("a" * 64), "v", "/v.mp4", MediaInfo("mp4", 300.0, 0.0, 1, None))
NOTHING = cast("Any", None)


class Eyes:
    """Describes a segment by its start, or fails as it is told to."""

    model = "eyes@1"
    at_once = 3
    frames_wanted = 8

    def __init__(self, fails: Callable[[TimeSpan], bool] = lambda _: False) -> None:
        self.fails = fails
        self.asked: list[TimeSpan] = []
        self.shown: list[int] = []

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:
        raise AssertionError("it describes")

    def describe(self, frames: Sequence[Frame], span: TimeSpan, stop: Callable[[], bool] | None = None) -> Caption:
        self.asked.append(span)
        self.shown.append(len(frames))
        if self.fails(span):
            raise WorkerFailed("The server is tired.", "Let it rest.")
        return Caption(span, f"What is seen from {span.start_s:g} s.", self.model)

    def group(self, subjects: Sequence[Subject]) -> list[list[int]]:
        return []


def reader(eyes: Any) -> ChunkReader:
    def at(path: Path, times_s: Sequence[float], **_: Any) -> list[Frame]:
        return [Frame(time_s, np.zeros((9, 16, 3), np.uint8)) for time_s in times_s]

    def get(key: str) -> bytes:
        raise NotFound(f"There is no {key}.")

    frames, media = cast("Any", SimpleNamespace(at=at)), cast("Any", SimpleNamespace(get=get))
    return ChunkReader(frames, NOTHING, NOTHING, NOTHING, NOTHING, eyes, media, Ingest())


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[Caption], Run, list[Event]]]:
    """Has segments described in one reading of the video; the stages stay from one to the next."""
    database = Database(sqlite_url(tmp_path / "longreel.sqlite"))
    database.migrate(lambda text: text)
    stages = SqlStageStore(database)

    def once(eyes: Eyes, every_s: float = 1.0) -> tuple[list[Caption], Run, list[Event]]:
        events: list[Event] = []
        runtime = LocalRuntime(lambda: reader(eyes))
        parts = cast("Any", SimpleNamespace(stages=stages, runtime=runtime, captioner=eyes))
        run = Run(parts, Ingest(), VIDEO, Path("/v.mp4"), Options(), events.append, lambda: False)
        shown = [_feature(t) for span in SPANS for t in np.arange(span.start_s, span.end_s, every_s)]
        run.results = {"sample": Sampled(shown, [], []), "segment": SPANS}
        return DESCRIBE.result(run), run, events

    return once


def _feature(time_s: float) -> FrameFeatures:
    return FrameFeatures(float(time_s), np.ones(2, np.float32), np.ones(2, np.float32))


def test_each_segment_is_described_from_frames_spread_over_it(read: Callable[..., Any]) -> None:
    eyes = Eyes()
    captions, _, events = read(eyes)
    assert [one.span for one in captions] == SPANS
    assert set(eyes.shown) == {8}
    assert not [one for one in events if isinstance(one, Warned)]
    read(few := Eyes(), every_s=4.0)
    assert few.asked == []


def test_what_failed_is_told_and_tried_again_and_what_builds_on_it_is_done_again(read: Callable[..., Any]) -> None:
    captions, first, events = read(Eyes(fails=lambda span: span.start_s in (20.0, 30.0)))
    assert len(captions) == len(SPANS) - 2
    (warning,) = [one.message for one in events if isinstance(one, Warned)]
    assert "2 of 30 segments have no caption (those at 0:20, 0:30): The server is tired. Let it rest." in warning
    eyes = Eyes()
    captions, second, _ = read(eyes)
    assert sorted(eyes.asked) == SPANS[2:4]
    assert [one.span for one in captions] == SPANS
    assert first.versions["caption"] != second.versions["caption"]


def test_a_model_that_fails_again_and_again_is_asked_no_more(read: Callable[..., Any]) -> None:
    eyes = Eyes(fails=lambda _: True)
    captions, _, events = read(eyes)
    assert captions == []
    assert GIVE_UP_AFTER <= len(eyes.asked) < GIVE_UP_AFTER + eyes.at_once
    (warning,) = [one.message for one in events if isinstance(one, Warned)]
    assert "30 of 30 segments" in warning


def test_as_many_are_under_way_as_the_captioner_allows_and_all_end_when_reading_is_stopped() -> None:
    all_here, together = threading.Barrier(Eyes.at_once, timeout=5), threading.Event()

    class Slow(Eyes):
        def describe(self, frames: Sequence[Frame], span: TimeSpan, stop: Callable[[], bool] | None = None) -> Caption:
            all_here.wait()
            together.set()
            while stop is not None and not stop():
                time.sleep(0.01)
            raise Cancelled("It was stopped.")

    def beat(share: float) -> None:
        if together.is_set():
            raise Cancelled("Reading was stopped.")

    pieces = tuple((span, (span.start_s,)) for span in SPANS[: Slow.at_once])
    with pytest.raises(Cancelled, match="Reading was stopped"):
        reader(Slow()).describe(DescribeCall(VIDEO.id, "/v.mp4", pieces), beat)


def test_a_captioner_of_another_kind_describes_nothing() -> None:
    plain = SimpleNamespace(model="plain@1", caption=lambda *_: None)
    with pytest.raises(MissingPart, match="plain@1 describes no scenes"):
        reader(plain).describe(DescribeCall(VIDEO.id, "/v.mp4", ()), lambda _: None)
