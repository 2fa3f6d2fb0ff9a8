from __future__ import annotations

from pathlib import Path

import pytest

from app.core.paths import existing, is_folder, path_of

IMPOSSIBLE = ["a\x00b", "x" * 300, "x/" * 3000, "~nobody-of-this-name/film.mp4"]


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_name_that_can_be_no_path_is_nothing_and_no_error(name: str) -> None:
    assert existing(name) is None
    assert not is_folder(Path(name))
    assert isinstance(path_of(name), Path)


def test_what_is_there_is_found_by_any_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    (tmp_path / "link.mp4").symlink_to(film)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("film.mp4", "link.mp4", "~/film.mp4", f"{tmp_path}/../{tmp_path.name}/film.mp4"):
        found = existing(name)
        assert found is not None and found.resolve() == path_of(name) == film.resolve()
    assert existing("link.mp4") == Path("link.mp4")
    assert existing("other.mp4") is None
    assert is_folder(tmp_path) and not is_folder(film)
