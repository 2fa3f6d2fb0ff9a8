"""Narration: each sentence is spoken once and kept as a WAV file named by its hash.

Piper is a GPL program: it runs as a separate process and is never imported. One process speaks
many sentences, because it needs seconds to start. Its noise is switched off, so that the same sentence
always sounds the same.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.errors import MissingPart, WorkerFailed
from benchmarks.sample import packaged

RATE = 22_050
"""Samples a second of the narrator's voice."""
PACE = ("--length-scale", "1.3", "--noise-scale", "0", "--noise-w-scale", "0")
_AUDIBLE = 0.02
_WROTE = re.compile(r"Wrote (.+\.wav)\s*$")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One spoken sentence: its file, its length, and where in it the voice begins and ends (seconds)."""

    path: Path
    duration_s: float
    voice_start_s: float
    voice_end_s: float


def speak(sentences: Iterable[str], folder: Path, spoken: Callable[[int], None]) -> dict[str, Spoken]:
    """Every sentence spoken, from `folder` where it was kept before. `spoken` hears how many were added."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {text: folder / f"{_hash(text)}.wav" for text in sentences}
    missing = sorted((text for text, path in wanted.items() if not path.is_file()), key=len)
    spoken(len(wanted) - len(missing))
    if missing:
        processes = min(os.cpu_count() or 1, 4, -(-len(missing) // 4))
        shares = [missing[number::processes] for number in range(processes)]
        with ThreadPoolExecutor(processes) as pool:
            list(pool.map(lambda share: _narrate(share, wanted, spoken), shares))
    return {text: _measured(path) for text, path in wanted.items()}


def samples(path: Path) -> NDArray[np.int16]:
    """The sound of a spoken sentence: mono, RATE samples a second."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def _hash(text: str) -> str:
    return hashlib.sha256("\n".join((packaged.voice().name, *PACE, text)).encode()).hexdigest()[:32]


def _measured(path: Path) -> Spoken:
    sound = samples(path)
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > _AUDIBLE * np.iinfo(np.int16).max)
    if not len(loud):
        path.unlink()
        raise WorkerFailed(f"The narrator said nothing in {path.name}.", "Run the same command again.")
    return Spoken(path, len(sound) / RATE, int(loud[0]) / RATE, int(loud[-1]) / RATE)


def _narrate(share: Sequence[str], wanted: dict[str, Path], spoken: Callable[[int], None]) -> None:
    """Speaks one share in one process; each finished sentence is kept at once."""
    if importlib.util.find_spec("piper") is None:
        raise MissingPart("The sample needs the program piper.", 'Run: pip install -e ".[sample]"')
    scratch = Path(tempfile.mkdtemp(prefix="speaking-", dir=wanted[share[0]].parent))
    try:
        (scratch / "text").write_text("\n".join(share), encoding="utf-8")
        command = [sys.executable, "-m", "piper", "-m", str(packaged.voice()), "-i", str(scratch / "text")]
        said: list[str] = []
        with subprocess.Popen(
            [*command, "-d", str(scratch), *PACE], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            for number, path in enumerate(_written(process, said)):
                path.replace(wanted[share[number]])
                spoken(1)
        if process.returncode or any(not wanted[text].is_file() for text in share):
            raise WorkerFailed(f"piper stopped with code {process.returncode}: {' '.join(said[-3:])}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _written(process: subprocess.Popen[str], said: list[str]) -> Iterable[Path]:
    """The files that piper reports, in the order of its input; other lines go to `said`."""
    for line in process.stderr or ():
        match = _WROTE.search(line)
        if match:
            yield Path(match.group(1))
        else:
            said.append(line.strip())
