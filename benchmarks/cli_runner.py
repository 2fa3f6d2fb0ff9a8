"""Runs Longreel as a user would, by its command line, and watches time and memory from outside."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table

from app.core.ports import Chat

LONGREEL = (sys.executable, "-m", "app.cli")
SAMPLE = (sys.executable, "-m", "benchmarks.sample")
_LOOK_EVERY_S = 0.2


class ProductFailed(RuntimeError):
    """A command of the product ended with an exit code other than 0."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command took. `line_s`: when each line of its output came, seconds after the start."""

    seconds: float
    peak_bytes: int
    """The most resident memory of the process and its children together."""
    lines: tuple[str, ...]
    line_s: tuple[float, ...]
    cpu_s: float
    """The time that all cores worked for it, seconds."""

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        """The output read as one JSON object a line."""
        return [json.loads(line) for line in self.lines if line.strip()]


def run(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Ran:
    """Runs a command to its end; its progress goes to standard error. Raises ProductFailed."""
    started, worked_s = time.monotonic(), _children_cpu_s()
    lines: list[str] = []
    times: list[float] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env={**os.environ, **(variables or {})}
    ) as process:
        watch = _Watch(process.pid)
        watch.start()
        for line in process.stdout or ():
            lines.append(line.rstrip("\n"))
            times.append(time.monotonic() - started)
        process.wait()
        watch.stop()
    if process.returncode:
        raise ProductFailed(f"{' '.join(command)} ended with code {process.returncode}")
    cpu_s = _children_cpu_s() - worked_s
    return Ran(time.monotonic() - started, watch.peak_bytes, tuple(lines), tuple(times), cpu_s)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def empty_library() -> Iterator[dict[str, str]]:
    """Variables for a library of its own that is thrown away; prepared models are shared."""
    with tempfile.TemporaryDirectory(prefix="longreel-bench-") as folder:
        yield {"LONGREEL_DATA": folder}


def sample(minutes: float) -> Path:
    """A sample of that length, made now or re-used."""
    return Path(run([*SAMPLE, "--minutes", f"{minutes:g}"]).lines[-1])


def ask_all(questions: Sequence[Mapping[str, Any]], variables: Mapping[str, str]) -> Ran:
    """Asks many questions in one process: one JSON line each, in the same order."""
    with tempfile.TemporaryDirectory(prefix="longreel-bench-") as folder:
        path = Path(folder) / "questions.jsonl"
        path.write_text("".join(json.dumps(question) + "\n" for question in questions), encoding="utf-8")
        return run([*LONGREEL, "ask", "--questions", str(path), "--json"], variables)


def truth(video: Path) -> dict[str, Any]:
    """The ground truth of a sample; `questions` and `duration_s` are in it."""
    facts: dict[str, Any] = json.loads(video.with_name(f"{video.stem}.truth.json").read_text(encoding="utf-8"))
    return facts


def name_of(chat: Chat) -> str:
    """The model of a result, without the address of its server."""
    return chat.model.partition("@http")[0]


def machine() -> dict[str, Any]:
    """Where and when a figure was measured."""
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cores": psutil.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def _processor() -> str:
    """The processor's name from Linux; the speed depends on it, and slightly the results of speech recognition."""
    facts = Path("/proc/cpuinfo")
    names = (line.partition(":")[2] for line in facts.read_text("utf-8").splitlines() if line.startswith("model name"))
    return next(names, platform.machine()).strip()


def publish(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], path: Path | None, **raw: Any) -> None:
    """Prints a table and, if asked, writes it with the raw figures as JSON."""
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)
    if path:
        result = {"title": title, "machine": machine(), "columns": columns, "rows": rows, **raw}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class _Watch(threading.Thread):
    """Samples the resident memory of a process tree until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._over = pid, threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while not self._over.is_set():
            self.peak_bytes = max(self.peak_bytes, self._resident())
            self._over.wait(_LOOK_EVERY_S)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _resident(self) -> int:
        total = 0
        try:
            parent = psutil.Process(self._pid)
            for process in (parent, *parent.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.Error:
            return total
        return total
