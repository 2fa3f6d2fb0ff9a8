"""A model that was written once is used as long as it is what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_workers.weights.file_cache import looks_whole, make_once

WRITTEN = b"weights " * 1000


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut(file: Path) -> None:
    file.write_bytes(WRITTEN[:3000])


def zeroed(file: Path) -> None:
    file.write_bytes(bytes(len(WRITTEN)))


@pytest.fixture
def built(tmp_path):
    """The file, and how often it was written."""
    place, times = tmp_path / "model.onnx", []

    def build() -> Path:
        return make_once(place, "The model", lambda fresh: (times.append(1), fresh.write_bytes(WRITTEN)))

    build()
    return build, times


@pytest.mark.parametrize("fault", [emptied, cut, zeroed, Path.unlink])
def test_a_model_that_was_cut_off_damaged_or_lost_is_written_again(built, fault):
    build, times = built
    fault(build())
    assert build().read_bytes() == WRITTEN and len(times) == 2


def test_a_whole_model_is_not_written_again(built):
    build, times = built
    assert looks_whole(build()) and len(times) == 1


def test_a_model_that_was_cut_off_does_not_look_whole(built):
    build, _ = built
    place = build()
    cut(place)
    assert not looks_whole(place) and not looks_whole(place.with_name("other.onnx"))


@pytest.mark.parametrize("content", [WRITTEN, WRITTEN[:3000]])
def test_a_model_without_a_stamp_is_written_again(built, content):
    build, times = built
    place = build()
    place.write_bytes(content)
    place.with_name("model.onnx.checked.json").unlink()
    assert not looks_whole(place)
    assert build().read_bytes() == WRITTEN and len(times) == 2
    assert looks_whole(build()) and len(times) == 2
