"""A library is for its user alone; exports are files like any other."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import permissions
from app.core.permissions import make_private, usual_permissions


@pytest.fixture(autouse=True)
def open_umask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(permissions, "_before", [])
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    found = {path.relative_to(folder).as_posix(): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}
    return {**found, ".": stat.S_IMODE(folder.stat().st_mode)}


@pytest.mark.parametrize("folder_mode", [0o755, 0o700])
def test_what_is_in_a_library_and_what_comes_into_it_is_for_its_user_alone(tmp_path: Path, folder_mode: int) -> None:
    library, elsewhere = tmp_path / "library", tmp_path / "film.mp4"
    (library / "media" / "one").mkdir(parents=True)
    (library / "media" / "one" / "frame.webp").write_bytes(b"old")
    (library / "longreel.sqlite").write_bytes(b"old")
    elsewhere.write_bytes(b"film")
    (library / "link").symlink_to(elsewhere)
    library.chmod(folder_mode)
    assert modes(library)["longreel.sqlite"] == 0o644
    make_private(library)
    (library / "new").mkdir()
    (library / "new" / "file").write_bytes(b"new")
    found = modes(library)
    del found["link"]
    assert set(found.values()) == {0o700, 0o600}
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


def test_an_export_has_the_permissions_of_other_files(tmp_path: Path) -> None:
    make_private(tmp_path)
    with usual_permissions():
        (tmp_path / "export.md").write_bytes(b"text")
    (tmp_path / "private").write_bytes(b"text")
    assert modes(tmp_path)["export.md"] == 0o644 and modes(tmp_path)["private"] == 0o600
