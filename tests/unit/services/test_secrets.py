from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core.errors import BadInput, MissingPart
from app.services.secrets import Seal


def test_what_is_sealed_is_opened_by_another_program_with_the_same_file_only(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "secrets.key").closed("whsec_cup and saucer")
    assert "saucer" not in sealed
    assert Seal(tmp_path / "secrets.key").opened(sealed) == "whsec_cup and saucer"
    with pytest.raises(BadInput, match="another key"):
        Seal(tmp_path / "other.key").opened(sealed)


def test_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    Seal(tmp_path / "secrets.key").closed("x")
    assert stat.S_IMODE((tmp_path / "secrets.key").stat().st_mode) == 0o600


def test_no_key_is_made_before_it_is_needed(tmp_path: Path) -> None:
    Seal(tmp_path / "secrets.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a key"])
def test_a_key_file_that_is_damaged_is_told_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secrets.key"
    file.write_bytes(content)
    with pytest.raises(MissingPart, match="key file"):
        Seal(file).closed("x")
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MissingPart, match="key file"):
        Seal(tmp_path / "file" / "secrets.key").closed("x")
