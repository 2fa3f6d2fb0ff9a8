"""Damaged files: short videos and sound files are damaged by seed, and read as far as they go.

    python -m benchmarks.fuzz_files [--files 300] [--first 0] [--seed 1] [--json fuzz_files.json]

Each file is probed, surveyed and sampled in a process of its own kind, which is replaced when it hangs or dies. Counted
are files that were read or refused in one sentence, and what must never happen: an exception that is no refusal, a
process that dies, one that takes more than a minute of processor time, or that waits much longer for nothing, a time
beyond 1.5 times the length of what was damaged. `--first` goes on where an earlier run was stopped.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cli_runner import publish

SECONDS = 6.0
LONGEST_S = 60.0
"""Processor time of one file: on a busy machine, time on the clock says nothing."""
LONGEST_WAIT_S = 1800.0
TOO_LONG = 1.5
SLACK_S = 1.0
RATE = 48_000
KINDS = {
    "mp4": ("libx264", "aac"),
    "mov": ("libx264", "aac"),
    "mkv": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "ts": ("libx264", "aac"),
    "avi": ("mpeg4", "libmp3lame"),
    "flv": ("libx264", "aac"),
    "h264": ("libx264", None),
    "mp3": (None, "libmp3lame"),
    "ogg": (None, "libopus"),
    "wav": (None, "pcm_s16le"),
    "flac": (None, "flac"),
}
"""Containers with the encoders of their pictures and their sound."""


@dataclass
class FuzzOutcome:
    """What became of one damaged file."""

    kind: str
    damage: str
    state: str
    """One of STATES."""
    seconds: float
    detail: str = ""


@dataclass
class FuzzCounts:
    """What became of all files."""

    outcomes: list[FuzzOutcome] = field(default_factory=list)
    most_mb: float = 0.0

    def bad(self) -> list[FuzzOutcome]:
        """Those that must never be."""
        return [one for one in self.outcomes if one.state not in ("read", "refused")]


def flip(data: bytearray, dice: random.Random) -> None:
    """Single bits."""
    for _ in range(dice.choice((1, 8, 64, 512))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def truncate(data: bytearray, dice: random.Random) -> None:
    """The end is missing."""
    del data[dice.randrange(1, len(data)) :]


def zero(data: bytearray, dice: random.Random) -> None:
    """A part is overwritten with zeros."""
    start = dice.randrange(len(data))
    end = min(len(data), start + dice.randrange(1, max(2, len(data) // 4)))
    data[start:end] = bytes(end - start)


def swap(data: bytearray, dice: random.Random) -> None:
    """Two parts change places."""
    size = dice.randrange(1, max(2, len(data) // 8))
    one, other = sorted(dice.randrange(max(1, len(data) - size)) for _ in range(2))
    if one + size <= other:
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def spoil_header(data: bytearray, dice: random.Random) -> None:
    """Bytes of the first kilobyte are random."""
    for _ in range(dice.choice((1, 4, 32))):
        data[dice.randrange(min(1024, len(data)))] = dice.randrange(256)


def repeat(data: bytearray, dice: random.Random) -> None:
    """A second copy, or a part of one, follows."""
    data += data[dice.choice((0, 0, dice.randrange(len(data)))) :]


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, truncate, zero, swap, spoil_header, repeat)


def write_source(path: Path) -> Path:
    """A short file of a kind: moving noise and a tone."""
    import av

    pictures, sound = KINDS[path.suffix[1:]]
    with av.open(str(path), "w") as out:
        video = out.add_stream(pictures, rate=10) if pictures else None
        if video is not None:
            video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            video.codec_context.gop_size = 15
        audio = out.add_stream(sound, rate=RATE, layout="mono") if sound else None
        packets = [*(_pictures(video) if video is not None else ()), *(_sound(audio) if audio is not None else ())]
        for packet in sorted(packets, key=lambda one: float((one.dts or 0) * one.time_base)):
            out.mux(packet)
    return path


def _pictures(stream: Any) -> Iterator[Any]:
    import av

    dice = np.random.default_rng(0)
    for number in range(round(SECONDS * 10)):
        image = np.repeat(np.repeat(dice.integers(0, 256, (15, 20, 3), dtype=np.uint8), 8, 0), 8, 1)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 10)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound(stream: Any) -> Iterator[Any]:
    import av

    size = stream.codec_context.frame_size or 1024
    wave = (8000 * np.sin(2 * np.pi * 440 * np.arange(round(SECONDS * RATE)) / RATE)).astype(np.int16)
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=RATE, frame_size=size)
    for first in range(0, len(wave), size):
        frame = av.AudioFrame.from_ndarray(wave[None, first : first + size], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
        for one in resampler.resample(frame):
            yield from stream.encode(one)
    for one in resampler.resample(None):
        yield from stream.encode(one)
    yield from stream.encode(None)


def read(path: Path, longest_s: float) -> tuple[str, str]:
    """Reads a file as ingest does: "read", "refused" or "false time", and what was seen."""
    from app.core.errors import BadInput
    from gpu_workers.media.audio import PyAVAudio
    from gpu_workers.media.frames import PyAVFrames
    from gpu_workers.media.probe import PyAVProbe

    try:
        media = PyAVProbe().probe(path)
        times = [media.duration_s]
        if media.audio:
            survey = PyAVAudio().survey(path, chunk_s=30.0)
            times.append(len(survey.loudness) * survey.step_s)
            PyAVAudio().samples(path, media.whole, survey.choice)
        if media.video is not None:
            source = PyAVFrames()
            shown = [one.pts_s for one in source.sample(path, span=media.whole, every_s=0.5, max_side=64)]
            if shown != sorted(set(shown)):
                return "false time", f"frames at {shown}"
            times += shown
            times += [one.pts_s for one in source.at(path, [media.duration_s / 2, 0.0], max_side=64)]
    except BadInput as error:
        return "refused", str(error)
    latest_s = max(times)
    return ("false time", f"{latest_s:.1f} s") if latest_s > longest_s else ("read", f"{latest_s:.1f} s")


def _serve(line: Connection) -> None:
    """Reads one file after the other for the process that started this one."""
    import av

    av.logging.set_level(None)
    while (given := line.recv()) is not None:
        signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
        try:
            result = read(*given)
        except Exception:  # noqa: BLE001 - the one that is looked for
            result = "exception", traceback.format_exc()
        line.send((*result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


class ReadingProcess:
    """A process that reads files, started anew when it hangs or dies."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def read(self, path: Path, longest_s: float) -> tuple[str, str, float]:
        """The state of a file, what was seen, and the most memory that the process has used, MB."""
        self._line.send((path, longest_s))
        try:
            if self._line.poll(LONGEST_WAIT_S):
                state, detail, megabytes = self._line.recv()
                return state, detail, megabytes
            self._process.kill()
            result = "hung"
        except (EOFError, OSError):
            result = "died"
        self._process.join()
        if self._process.exitcode == -signal.SIGPROF:
            result = "hung"
        detail = f"exit {self._process.exitcode}"
        self._start()
        return result, detail, 0.0

    def close(self) -> None:
        """Ends the process."""
        self._line.send(None)
        self._process.join()


def fuzz(files: int, seed: int, folder: Path, kept: Path | None = None, first: int = 0) -> FuzzCounts:
    """Damages and reads so many files, beginning with number `first`; those that went wrong are copied to `kept`."""
    sources = {kind: write_source(folder / f"source.{kind}").read_bytes() for kind in KINDS}
    reader, tally = ReadingProcess(), FuzzCounts()
    for number in range(first, first + files):
        dice = random.Random(f"{seed}/{number}")  # noqa: S311 - the same damage for the same seed
        kind, damage = dice.choice(list(KINDS)), dice.choice(DAMAGES)
        data = bytearray(sources[kind])
        damage(data, dice)
        path = folder / f"{number}.{kind}"
        path.write_bytes(data)
        whole_s = SECONDS * (2 if damage is repeat else 1)
        started = time.monotonic()
        state, detail, megabytes = reader.read(path, TOO_LONG * whole_s + SLACK_S)
        outcome = FuzzOutcome(kind, damage.__name__, state, time.monotonic() - started, detail)
        tally.outcomes.append(outcome)
        tally.most_mb = max(tally.most_mb, megabytes)
        if outcome in tally.bad() and kept is not None:
            (kept / path.name).write_bytes(data)
        path.unlink()
    reader.close()
    return tally


STATES = ("read", "refused", "exception", "died", "hung", "false time")


def rows(tally: FuzzCounts) -> list[list[Any]]:
    """How many files of each damage ended in each state, and how long the slowest took; the last row is of all."""
    return [
        _row(damage, [one for one in tally.outcomes if damage in (one.damage, "all")])
        for damage in (*(damage.__name__ for damage in DAMAGES), "all")
    ]


def _row(damage: str, outcomes: Sequence[FuzzOutcome]) -> list[Any]:
    states = Counter(one.state for one in outcomes)
    slowest_s = max((one.seconds for one in outcomes), default=0.0)
    return [damage, len(outcomes), *(states[state] for state in STATES), round(slowest_s, 1)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Damages and reads files, prints the figures and what went wrong; the exit status is 1 when anything did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that went wrong")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(options.files, options.seed, Path(folder), options.keep, options.first)
    for one in tally.bad():
        print(f"{one.kind} {one.damage}: {one.state} after {one.seconds:.1f} s: {one.detail}")
    title = (
        f"{options.files} damaged files from {options.first} on, seed {options.seed}, at most {tally.most_mb:.0f} MB"
    )
    columns = ["damage", "files", *STATES, "slowest s"]
    publish(title, columns, rows(tally), options.json, most_mb=round(tally.most_mb), seed=options.seed)
    return 1 if tally.bad() else 0


if __name__ == "__main__":
    sys.exit(main())
