"""What a language model writes of a video is kept as it comes; a model that is away is not asked again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from weakref import ref

import pytest

from app.core.errors import Cancelled, LongreelError, StorageFull, ToolRefused, WorkerFailed
from app.core.events import Event, Warned
from app.core.types import Completion, Message, VideoId
from app.db.database import Database, sqlite_url
from app.db.stages import SqlStageStore
from app.services.ingest.run import Run
from app.services.ingest.stage import NOTHING, Codec, Stage, StageRun
from app.services.ingest.stages.digest import KeptWriter


class Writes:
    """A language model that repeats the last message; the errors it is given come first."""

    model = "writes@1"

    def __init__(self, *errors: LongreelError) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        schema: Mapping[str, Any] | None = None,
        **_: object,
    ) -> Completion:
        self.asked.append(messages[-1].text)
        if self.errors:
            raise self.errors.pop(0)
        return Completion(f"Of {messages[-1].text}.", 7, 3)


@pytest.fixture
def stages(tmp_path: Path) -> SqlStageStore:
    database = Database(sqlite_url(tmp_path / "longreel.sqlite"))
    database.migrate()
    return SqlStageStore(database)


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def begin(stages: SqlStageStore, told: list[Event]) -> Callable[[], StageRun]:
    """One more reading of the same video: its last stage."""
    video = SimpleNamespace(id=VideoId("a" * 64))

    def stage() -> StageRun:
        nothing = cast(Any, None)
        parts = cast(Any, SimpleNamespace(stages=stages))
        run = Run(parts, nothing, cast(Any, video), Path("talk.mp4"), nothing, told.append, lambda: False)
        return StageRun(run, "digest", "1")

    return stage


def written(writer: KeptWriter, text: str) -> str:
    return writer.chat([Message("user", text)], max_output=9).text


def test_a_text_is_written_once_in_all_readings(begin: Callable[[], StageRun]) -> None:
    model = Writes()
    assert [written(KeptWriter(model, begin()), "bees") for _ in range(3)] == ["Of bees."] * 3
    assert written(KeptWriter(model, begin()), "tea") == "Of tea."
    assert model.asked == ["bees", "tea"]


def test_after_an_error_only_what_is_kept_is_told(begin: Callable[[], StageRun]) -> None:
    error = WorkerFailed("away")
    model = Writes()
    assert written(KeptWriter(model, begin()), "bees") == "Of bees."
    model.errors = [error]
    writer = KeptWriter(model, begin())
    for text in ("tea", "bread"):
        with pytest.raises(WorkerFailed):
            written(writer, text)
    assert written(writer, "bees") == "Of bees."
    assert writer.error is error
    assert model.asked == ["bees", "tea"]
    assert written(KeptWriter(model, begin()), "tea") == "Of tea."


@pytest.mark.parametrize("error", [Cancelled("stopped"), ToolRefused("The prompt is too long.")])
def test_a_person_who_stops_and_a_long_prompt_are_no_failures_of_the_model(
    begin: Callable[[], StageRun], error: LongreelError
) -> None:
    writer = KeptWriter(Writes(error), begin())
    with pytest.raises(type(error)):
        written(writer, "bees")
    assert writer.error is None
    assert written(writer, "bees") == "Of bees."


def test_a_full_disk_is_no_failure_of_the_model(
    begin: Callable[[], StageRun], stages: SqlStageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise StorageFull("There is no room left.")

    writer = KeptWriter(Writes(), begin())
    monkeypatch.setattr(stages, "save_unit", is_full)
    with pytest.raises(StorageFull):
        written(writer, "bees")
    assert writer.error is None


class Part:
    """What one unit found."""


class Long(Stage[int]):
    """A stage that looks whether its parts are still in memory when its result is packed."""

    name = "sample"

    def __init__(self) -> None:
        self.codec = Codec(self._pack, lambda payload: int(payload))
        self.in_memory: list[bool] = []

    def _pack(self, result: int) -> bytes:
        self.in_memory += [part() is not None for part in self._seen]
        return str(result).encode()

    def parts(self, work: StageRun) -> list[Part]:
        parts = [Part(), Part()]
        self._seen = [ref(part) for part in parts]
        return parts

    def reduce(self, work: StageRun) -> int:
        return len(work.parts)


def test_the_parts_of_a_stage_are_out_of_memory_when_its_result_is_packed(begin: Callable[[], StageRun]) -> None:
    stage, run = Long(), begin().run
    stage.do(run)
    assert stage.of(run) == 2
    assert stage.in_memory == [False, False]


class PutOff(Stage[None]):
    """A stage whose model is away."""

    name = "digest"
    codec = NOTHING

    def version(self, run: Run) -> str:
        return "of this model"

    def reduce(self, work: StageRun) -> None:
        work.put_off("The language model failed.")


def test_a_stage_that_is_put_off_says_why_and_is_finished_in_no_version(
    begin: Callable[[], StageRun], stages: SqlStageStore, told: list[Event]
) -> None:
    video, run = VideoId("a" * 64), begin().run
    stages.finish(video, "digest", "of another model", b"")
    PutOff().do(run)
    assert Warned("The language model failed. Ingest the video again when that is solved.") in told
    assert stages.finished(video, "digest", "of another model") is None
    assert stages.finished(video, "digest", "of this model") is None
