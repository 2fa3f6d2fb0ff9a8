"""The command line: makes a sample and prints where it is."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.core.errors import LongreelError
from app.core.settings import load_settings
from benchmarks.sample.make import NEEDLE_KINDS, WHOLE_SCRIPT_MINUTES, Needle, Request, make, truth_path
from benchmarks.sample.script import DEFAULT

_LABELS = {"narrate": "Narrating sentences", "encode": "Encoding frames"}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; gives the exit code."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    started = time.monotonic()
    try:
        samples = load_settings().home / "samples"
        request = _request(options)
        name = "sample" if options.script == DEFAULT else options.script.stem
        out = options.out or samples / f"{name}-{options.minutes:g}min-seed{options.seed}.mp4"
        made = _with_bars(request, out, samples / "voice", console)
    except LongreelError as error:
        console.print(str(error), style="red", highlight=False)
        return error.exit_code
    done = f"Made the sample in {time.monotonic() - started:.0f} s" if made else "The sample exists already"
    console.print(f"{done}. The right answers are in {truth_path(out)}", highlight=False)
    print(out)
    return 0


def _with_bars(request: Request, out: Path, voices: Path, console: Console) -> bool:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {part: bars.add_task(label, total=None, visible=False) for part, label in _LABELS.items()}

        def show(part: str, done: float, total: float) -> None:
            bars.update(tasks[part], completed=done, total=total, visible=True)

        return make(request, out, voices, show)


def _request(options: argparse.Namespace) -> Request:
    kinds = options.needle_kind + ["speech"] * (len(options.needle) - len(options.needle_kind))
    depths = options.depth + [0.5] * (len(options.needle) - len(options.depth))
    needles = tuple(Needle(*one) for one in zip(kinds, options.needle, depths, strict=False))
    return Request(options.minutes, options.seed, options.script, not options.no_narration, needles)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sample", description=__doc__)
    parser.add_argument("--out", type=Path, help="the video; in the cache folder when left out")
    parser.add_argument("--minutes", type=float, default=WHOLE_SCRIPT_MINUTES, help="the least length (default 12)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--script", type=Path, default=DEFAULT, help="another script file (TOML)")
    parser.add_argument("--no-narration", action="store_true", help="leave out the voice")
    parser.add_argument("--needle", action="append", default=[], help="a sentence, a card's text or a photo's name")
    parser.add_argument("--needle-kind", action="append", default=[], choices=NEEDLE_KINDS, help="of each needle")
    parser.add_argument("--depth", action="append", default=[], type=float, help="of each needle, 0 to 1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
