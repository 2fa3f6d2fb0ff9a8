"""The list of commands: its help is fast and says what the commands say."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from app.cli import COMMANDS, load_command

HEAVY = ("fastapi", "httpx", "numpy", "pydantic", "sqlalchemy")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_repeats_the_beginning_of_each_commands_own_help(name: str) -> None:
    own = re.sub(r"\s+", " ", load_command(name).help)
    assert own.startswith(COMMANDS[name][1].rstrip("."))


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, app.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
