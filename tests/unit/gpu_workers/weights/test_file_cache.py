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


def test_a_model_of_an_older_version_is_used_as_it_is(built):
    build, times = built
    build().with_name("model.onnx.checked.json").unlink()
    assert build().read_bytes() == WRITTEN and len(times) == 1
    cut(build())
    assert build().read_bytes() == WRITTEN and len(times) == 2
