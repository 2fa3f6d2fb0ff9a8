"""A library has one owner, whose lock dies with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.core.errors import InUse
from app.core.settings import Settings
from app.services.ownership import owned, owner_of

HOLDER = """
import sys
from pathlib import Path
from app.core.settings import Settings
from app.services.ownership import owned
with owned(Settings().model_copy(update={"data": Path(sys.argv[1])}), "the server at port 7860"):
    print("held", flush=True)
    sys.stdin.read()
"""


def settings(folder: Path, **changes: object) -> Settings:
    return Settings().model_copy(update={"data": folder / "data", **changes})


def test_the_second_owner_is_refused_with_the_name_of_the_first_until_that_one_is_killed(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert first.stdin and first.stdout
    with first.stdin, first.stdout:
        assert first.stdout.readline() == b"held\n"
        named = f"the server at port 7860, process {first.pid}"
        assert owner_of(tmp_path / "data") == named
        with pytest.raises(InUse, match=named), owned(settings(tmp_path), "another"):
            pass
        first.kill()
        first.wait()
    assert owner_of(tmp_path / "data") == ""
    with owned(settings(tmp_path), "another"):
        assert "another" in owner_of(tmp_path / "data")


def test_processes_that_share_an_index_server_share_the_library(tmp_path: Path) -> None:
    shared = settings(tmp_path, chroma_url="http://127.0.0.1:8000")
    with owned(shared, "one"), owned(shared, "two"):
        assert owner_of(tmp_path / "data") == ""
