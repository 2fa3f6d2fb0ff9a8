"""The list of commands: its help is fast and says what the commands say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.cli import COMMANDS, load_command
from app.commands.asking import read_box
from app.commands.serving import serve
from app.core.errors import BadInput
from app.core.requests import DrawnBox

HEAVY = ("fastapi", "httpx", "numpy", "pydantic", "sqlalchemy")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_repeats_the_beginning_of_each_commands_own_help(name: str) -> None:
    own = re.sub(r"\s+", " ", load_command(name).help)
    assert own.startswith(COMMANDS[name][1].rstrip("."))


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, app.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_box_is_written_in_percent_with_a_time_or_a_span() -> None:
    assert read_box("10,20,30,40@0:12") == DrawnBox(0.1, 0.2, 0.3, 0.4, 12.0)
    assert read_box("10%, 20%, 30%, 40% @ 12.5-1:00") == DrawnBox(0.1, 0.2, 0.3, 0.4, 12.5, 60.0)


@pytest.mark.parametrize("text", ["", "10,20,30@0:12", "10,20,30,40", "10,20,30,x@0:12", "1,2,3,4@0:01-0:02-0:03"])
def test_what_is_no_box_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="10,20,30,40@0:12"):
        read_box(text)


@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
def test_the_server_says_where_it_is(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "app.main", SimpleNamespace(create_app=lambda settings: settings))
    served: list[str] = []
    monkeypatch.setattr("uvicorn.run", lambda application, **options: served.append(options["host"]))
    serve(host=host, port=7861)
    shown = f"[{host}]" if ":" in host else host
    assert served == [host] and f"Longreel is at http://{shown}:7861 " in " ".join(capsys.readouterr().err.split())
