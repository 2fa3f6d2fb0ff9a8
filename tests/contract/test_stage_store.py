"""What every StageStore promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.ports import StageStore
from app.core.types import VideoId
from app.db.stages import SqlStageStore
from tests.postgres import KINDS, open_database

VIDEO = VideoId("a" * 64)
OTHER = VideoId("b" * 64)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[StageStore]:
    with open_database(request, request.param) as database:
        yield SqlStageStore(database)


def test_it_is_a_stage_store(store: StageStore) -> None:
    assert isinstance(store, StageStore)


def test_nothing_is_known_of_a_new_video(store: StageStore) -> None:
    assert store.units(VIDEO, "transcribe", "v1") == {}
    assert store.finished(VIDEO, "transcribe", "v1") is None


def test_units_come_back_byte_for_byte_in_the_order_of_saving(store: StageStore) -> None:
    payloads = {"10": bytes(range(256)), "2": b"", "1": b"\x00" * 1000}
    for unit, payload in payloads.items():
        store.save_unit(VIDEO, "sample", "v1", unit, payload)
    assert list(store.units(VIDEO, "sample", "v1").items()) == list(payloads.items())


def test_a_unit_saved_again_replaces_the_old_and_keeps_its_place(store: StageStore) -> None:
    for unit, payload in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        store.save_unit(VIDEO, "sample", "v1", unit, payload)
    assert list(store.units(VIDEO, "sample", "v1").items()) == [("a", b"3"), ("b", b"2")]


def test_a_large_unit_comes_back_whole(store: StageStore) -> None:
    payload = bytes(range(256)) * 8192
    store.save_unit(VIDEO, "sample", "v1", "0", payload)
    assert store.units(VIDEO, "sample", "v1")["0"] == payload


def test_videos_and_stages_are_kept_apart(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "caption", "v1", b"y")
    assert store.units(OTHER, "sample", "v1") == {}
    assert store.units(VIDEO, "caption", "v1") == {}
    assert store.finished(VIDEO, "sample", "v1") is None
    assert store.finished(OTHER, "caption", "v1") is None


def test_a_finished_stage_has_its_result_and_still_its_units(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "sample", "v1", b"")
    assert store.finished(VIDEO, "sample", "v1") == b""
    assert store.units(VIDEO, "sample", "v1") == {"0": b"x"}


def test_finishing_again_replaces_the_result(store: StageStore) -> None:
    store.finish(VIDEO, "sample", "v1", b"first")
    store.finish(VIDEO, "sample", "v1", b"second")
    assert store.finished(VIDEO, "sample", "v1") == b"second"


def test_another_version_sees_nothing_and_changes_nothing_by_looking(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "sample", "v1", b"done")
    assert store.units(VIDEO, "sample", "v2") == {}
    assert store.finished(VIDEO, "sample", "v2") is None
    assert store.units(VIDEO, "sample", "v1") == {"0": b"x"}
    assert store.finished(VIDEO, "sample", "v1") == b"done"


def test_a_result_stays_until_another_version_is_complete(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "sample", "v1", b"done")
    store.save_unit(VIDEO, "caption", "v1", "0", b"other stage")
    store.save_unit(VIDEO, "sample", "v2", "0", b"new")
    assert store.units(VIDEO, "sample", "v1") == {}
    assert store.finished(VIDEO, "sample", "v1") == b"done"
    store.finish(VIDEO, "sample", "v2", b"new")
    assert store.finished(VIDEO, "sample", "v1") is None
    assert store.finished(VIDEO, "sample", "v2") == b"new"
    assert store.units(VIDEO, "caption", "v1") == {"0": b"other stage"}


def test_a_complete_version_leaves_no_units_of_another(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "sample", "v2", b"new")
    assert store.units(VIDEO, "sample", "v1") == {}


def test_a_stage_that_is_reopened_keeps_its_units(store: StageStore) -> None:
    for stage in ("sample", "caption", "index"):
        store.save_unit(VIDEO, stage, "v1", "0", b"x")
        store.finish(VIDEO, stage, "v1", b"done")
    store.reopen(VIDEO, ["sample", "caption"])
    store.reopen(OTHER, ["index"])
    assert [store.finished(VIDEO, stage, "v1") for stage in ("sample", "caption", "index")] == [None, None, b"done"]
    assert store.units(VIDEO, "sample", "v1") == {"0": b"x"}


def test_clearing_forgets_every_version_of_one_stage_only(store: StageStore) -> None:
    store.save_unit(VIDEO, "sample", "v1", "0", b"x")
    store.finish(VIDEO, "sample", "v1", b"done")
    store.save_unit(VIDEO, "caption", "v1", "0", b"stays")
    store.clear(VIDEO, "sample")
    store.clear(OTHER, "sample")
    assert store.units(VIDEO, "sample", "v1") == {}
    assert store.finished(VIDEO, "sample", "v1") is None
    assert store.units(VIDEO, "caption", "v1") == {"0": b"stays"}
