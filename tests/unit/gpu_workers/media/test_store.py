"""The folder store keeps whole files or none."""

from __future__ import annotations

import errno
import os

import pytest

from app.core.errors import BadInput, NotFound, StorageFull
from gpu_workers.media import store as store_module
from gpu_workers.media.store import FolderMediaStore


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    store = FolderMediaStore(tmp_path)
    store.put("a/old", b"old")

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store_module.os, "fsync", full)
    for key in ("a/new", "a/old"):
        with pytest.raises(StorageFull) as caught:
            store.put(key, b"new")
        assert "space" in caught.value.hint
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["old"]
    assert store.get("a/old") == b"old"
    with pytest.raises(NotFound):
        store.get("a/new")


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "out").symlink_to(tmp_path)
    with pytest.raises(BadInput):
        FolderMediaStore(tmp_path / "media").put("out/x", b"x")
    assert not (tmp_path / "x").exists()


def test_removing_everything_leaves_the_store_usable(tmp_path):
    store = FolderMediaStore(tmp_path / "media")
    store.remove("")
    store.put("a/b", b"x")
    store.remove("")
    with pytest.raises(NotFound):
        store.get("a/b")
    store.put("a/b", b"y")
    assert store.get("a/b") == b"y"
