"""Runs commands of the product as a person does, each in a process of its own.

The processes are forked from one that has imported the commands already: importing them anew took most of the time.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.integration.offline_fakes import environment

LONGEST_S = 120.0
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["app.cli", "app.bootstrap", "app.commands.ingesting", "app.commands.summarizing"])


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


class Terminal:
    """Runs `longreel` in a library of its own."""

    def __init__(self, folder: Path) -> None:
        self.env = {**os.environ, **environment(folder)}

    def run(self, *words: str) -> Done:
        """Runs a command to its end, which never is a traceback."""
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = _FORKS.Process(target=_command, args=(words, self.env, out, err))
            process.start()
            process.join(LONGEST_S)
            if process.exitcode is None:
                process.kill()
                raise AssertionError(f"longreel {' '.join(words)} did not end.")
            done = Done(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))
        assert "Traceback" not in done.stderr + done.stdout
        return done


def _command(words: Sequence[str], env: dict[str, str], out: Path, err: Path) -> None:
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["longreel", *words]
    from app.cli import main

    main()
