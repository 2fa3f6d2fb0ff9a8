"""Runs commands of the product as a person does, each in a process of its own.

The processes are forked from one that has imported the commands already: importing them anew took most of the time.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


def fork(function: Callable[..., None], *arguments: Any, env: Mapping[str, str] | None = None) -> BaseProcess:
    """Starts a function in a process of its own, with these variables or those of now."""
    process = _FORKS.Process(target=_call, args=(function, arguments, dict(os.environ if env is None else env)))
    process.start()
    return process


class Terminal:
    """Runs `longreel` in a library of its own."""

    def __init__(self, folder: Path) -> None:
        self.env = {**os.environ, **environment(folder)}

    def run(self, *words: str) -> Done:
        """Runs a command to its end, which never is a traceback."""
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = fork(run_command, words, out, err, env=self.env)
            process.join(LONGEST_S)
            if process.exitcode is None:
                process.kill()
                raise AssertionError(f"longreel {' '.join(words)} did not end.")
            done = Done(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))
        assert "Traceback" not in done.stderr + done.stdout
        return done


def run_command(words: Sequence[str], out: str | Path = os.devnull, err: str | Path = os.devnull) -> None:
    """Runs `longreel` in this process, and writes what it prints to two files."""
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["longreel", *words]
    from app.cli import main

    main()


def _call(function: Callable[..., None], arguments: Sequence[Any], env: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    function(*arguments)
