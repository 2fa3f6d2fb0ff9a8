"""What remembered observations save: a second question about a stretch, alone and after a first one.

    python -m benchmarks.memory [--library FOLDER --video NAME] [--json memory.json]

Each pair asks about one moment or stretch of the 12-minute sample. The text that a first question makes the agent read
in frames is stored with the question, and the second one finds it. The second question is asked twice: in a copy of the
library in which nobody asked before, and in one in which the first was asked. Models are loaded by a question that is
not counted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.answer_time import WARM_UP
from benchmarks.cli_runner import LONGREEL, ask_all, empty_library, publish, run, sample

MINUTES = 12.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions about one moment or stretch of the sample."""

    first: str
    second: str


PAIRS = (
    Pair("What is written on the screen at 2:10?", "Who is the director, on the screen at 2:10?"),
    Pair("What is written on the screen at 2:45?", "When was the comet found, on the screen at 2:45?"),
    Pair("What is written on the screen at 5:10?", "What is the door code on the screen at 5:10?"),
    Pair("What is written on the screen at 6:50?", "What is the call sign on the screen at 6:50?"),
    Pair("What is written on the screen at 8:00?", "Who paid for the road, on the screen at 8:00?"),
    Pair(
        "What is printed on the motorcycle between 7:46 and 8:04?",
        "Which letters are printed on the motorcycle between 7:46 and 8:04?",
    ),
    Pair(
        "Which number is written on the bus between 8:32 and 8:57?",
        "Which name is written on the bus between 8:32 and 8:57?",
    ),
    Pair("What is written on the screen at 11:15?", "How much was spent on repairs, on the screen at 11:15?"),
)


@dataclass(frozen=True, slots=True)
class MemoryCost:
    """What one answer took."""

    seconds: float
    frames: int
    tokens: int

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> MemoryCost:
        """The cost of an answer from `longreel ask --json`. Tokens are those read and those written."""
        usage = answer["usage"]
        return cls(usage["seconds"], usage["frames"], usage["prompt_tokens"] + usage["output_tokens"])


def asked(questions: Sequence[str], library: Path, video: str) -> list[dict[str, Any]]:
    """The answers in a copy of a library, after a question that loads the models."""
    with tempfile.TemporaryDirectory(prefix="longreel-bench-") as folder:
        copy = Path(folder) / "data"
        shutil.copytree(library, copy)
        rows = [{"question": question, "video": video} for question in (WARM_UP, *questions)]
        return ask_all(rows, {"LONGREEL_DATA": str(copy)}).json_lines[1:]


def table(first: Sequence[MemoryCost], alone: Sequence[MemoryCost], after: Sequence[MemoryCost]) -> list[list[str]]:
    """One row a way of asking: the median of seconds, the sums of frames and tokens."""
    ways = {"the first question": first, "the second, alone": alone, "the second, after the first": after}
    return [
        [
            name,
            f"{statistics.median(one.seconds for one in costs):.2f} s",
            str(sum(one.frames for one in costs)),
            str(sum(one.tokens for one in costs)),
        ]
        for name, costs in ways.items()
    ]


def missing(name: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """The message if no video of `longreel list --json` has this title or id prefix; else empty."""
    if any(one["title"] == name or one["id"].startswith(name) for one in listed):
        return ""
    titles = ", ".join(sorted(one["title"] for one in listed)) or "none"
    return f"The library has no video {name}; the titles that it has: {titles}."


@contextmanager
def _library(given: Path | None, name: str) -> Iterator[tuple[Path, str]]:
    """A library that holds the sample, and what the sample is called there. Ends the program when it does not."""
    if given is not None:
        if not given.is_dir():
            raise SystemExit(f"There is no folder {given}.")
        listing = run([*LONGREEL, "list", "--json"], {"LONGREEL_DATA": str(given)})
        problem = missing(name, json.loads("".join(listing.lines)))
        if problem:
            raise SystemExit(problem)
        yield given, name
        return
    video = sample(MINUTES)
    with empty_library() as variables:
        run([*LONGREEL, "ingest", str(video), "--json"], variables)
        yield Path(variables["LONGREEL_DATA"]), str(video)


def main() -> None:
    """Reads the sample unless a library has it, asks, and prints what was saved."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--library", type=Path, help="a library that holds the sample; it is copied")
    parser.add_argument("--video", default="sample-12min-seed1", help="the sample's title there")
    options = parser.parse_args()
    with _library(options.library, options.video) as (library, video):
        alone = asked([pair.second for pair in PAIRS], library, video)
        both = asked([question for pair in PAIRS for question in (pair.first, pair.second)], library, video)
    first, after = both[::2], both[1::2]
    rows = table(*([MemoryCost.of(answer) for answer in answers] for answers in (first, alone, after)))
    same = sum(one["text"] == other["text"] for one, other in zip(alone, after, strict=True))
    notes = [
        f"{len(PAIRS)} pairs of questions about text in a moment or stretch; seconds are medians, the rest sums",
        f"answers to the second question that are the same either way: {same} of {len(PAIRS)}",
    ]
    answers = [[pair.second, one["text"], other["text"]] for pair, one, other in zip(PAIRS, alone, after, strict=True)]
    columns = ["question", "seconds", "frames read", "language-model tokens"]
    publish("What remembered observations save", columns, rows, options.json, notes=notes, figures=answers)


if __name__ == "__main__":
    main()
