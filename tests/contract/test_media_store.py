"""Every MediaStore."""

from __future__ import annotations

import pytest

from app.core.errors import BadInput, NotFound
from app.core.ports import MediaStore
from gpu_workers.media.fakes import FakeMediaStore
from gpu_workers.media.store import FolderMediaStore


@pytest.fixture(params=[FolderMediaStore, FakeMediaStore])
def store(request, tmp_path) -> MediaStore:
    return request.param(tmp_path / "media")


def test_it_plays_the_port(store):
    assert isinstance(store, MediaStore)


def test_what_was_put_comes_back_as_bytes_and_as_a_file(store):
    store.put("v1/thumbs/3.webp", b"abc")
    assert store.get("v1/thumbs/3.webp") == b"abc"
    assert store.local_path("v1/thumbs/3.webp").read_bytes() == b"abc"


def test_a_file_is_copied_and_stays_where_it_was(store, tmp_path):
    source = tmp_path / "film.mp4"
    source.write_bytes(b"film")
    store.put("uploads/film.mp4", source)
    assert store.get("uploads/film.mp4") == b"film" and source.exists()


def test_the_same_key_again_replaces(store):
    store.put("a", b"1")
    store.put("a", b"2")
    assert store.get("a") == b"2"


def test_a_key_that_was_never_put_is_not_found(store):
    for read in (store.get, store.local_path):
        with pytest.raises(NotFound):
            read("nothing/here")


def test_removing_a_prefix_takes_its_keys_and_no_others(store):
    for key in ("v1/a", "v1/b/c", "v10/a"):
        store.put(key, b"x")
    store.remove("v1")
    store.remove("v1")
    assert store.get("v10/a") == b"x"
    for key in ("v1/a", "v1/b/c"):
        with pytest.raises(NotFound):
            store.get(key)


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../out", "a/../../out", "a\\b", "a\0b"])
def test_a_key_cannot_leave_the_store(store, key):
    with pytest.raises(BadInput):
        store.put(key, b"x")


def test_a_source_that_is_gone_is_a_bad_input(store, tmp_path):
    with pytest.raises(BadInput):
        store.put("a", tmp_path / "gone")
    with pytest.raises(NotFound):
        store.get("a")
