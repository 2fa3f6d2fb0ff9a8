"""What each part of the agent brings: the same questions with one part changed or left out at a time.

    python -m benchmarks.ablations FOLDER --out OUT [--keep LIBRARY] [--only NAME] [--json FILE]

A variant is a setting that anybody could make, or a part left out by `benchmarks.without`. The videos are read once,
into a copy of --keep where it is given: only what an older version read there is read again, and what earlier questions
have learned is forgotten. Each variant is asked by `longreel eval own` in a copy of its own, so that none finds what
another has learned. Goes on where an earlier run with the same OUT stopped; the report shows every variant that OUT
has answers of.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.services.evaluation.cases import Case
from app.services.evaluation.modes import Mode
from app.services.evaluation.results import ResultStore
from app.services.evaluation.scores import Judged
from app.services.evaluation.sets import benchmark
from benchmarks.product import LONGREEL, machine, run
from benchmarks.quality import about, asked, compared, figures
from benchmarks.report import keep

AGENT = "LONGREEL_AGENT__"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to answer. `settings`: variables and their values; `without`: a part of `benchmarks.without`."""

    name: str
    what: str
    settings: Mapping[str, str] = field(default_factory=dict)
    without: str = ""
    slow: bool = False
    """Measured only when it is named."""

    @property
    def program(self) -> Sequence[str]:
        """The program that asks."""
        return (sys.executable, "-m", "benchmarks.without", self.without) if self.without else LONGREEL


DEFAULT = Variant("default", "as it comes")
VARIANTS = (
    DEFAULT,
    Variant("rules", "no language model", {"LONGREEL_MODELS__LANGUAGE_MODEL": "none"}),
    Variant("one-round", "one search or closer look", {f"{AGENT}MAX_STEPS": "1"}),
    Variant("two-rounds", "two searches or closer looks", {f"{AGENT}MAX_STEPS": "2"}),
    Variant("stop-0.4", "a passage that fits 0.4, not 0.6, ends the search", without="fit-0.4"),
    Variant("stop-0.8", "a passage that fits 0.8 ends the search", without="fit-0.8"),
    Variant("no-stop", "no fit ends the search: everything is tried", without="stop"),
    Variant("one-passage", "a search returns one piece of evidence", {f"{AGENT}PASSAGES": "1"}),
    Variant("three-passages", "a search returns three pieces of evidence", {f"{AGENT}PASSAGES": "3"}),
    Variant("words", "search by words alone", without="vectors"),
    Variant("vectors", "search by vectors of texts and pictures alone", without="words"),
    Variant("no-frames", "no picture is looked at again", {f"{AGENT}MAX_FRAMES": "0"}),
    Variant("unchecked", "claims are not checked against their evidence", without="checks"),
    Variant("free", "the language model chooses each step", {f"{AGENT}MODE": "free"}, slow=True),
)
"""All change how a question is answered, none how a video is read."""


def wanted(only: Sequence[str]) -> list[Variant]:
    """The variants of these names; without names all that are not slow."""
    return [one for one in VARIANTS if (one.name in only if only else not one.slow)]


def library(annotations: Path, cases: Sequence[Case], out: Path, given: Path | None) -> Path:
    """A library in which all videos are read and nothing was asked; made when `out` has none yet."""
    made, begun = out / "library", out / "library.part"
    if made.is_dir():
        return made
    if given and not begun.is_dir():
        _copy(given, begun)
    variables = {"LONGREEL_DATA": str(begun)}
    videos = dict.fromkeys(str(annotations.parent / case.videos[0]) for case in cases)
    run([*LONGREEL, "ingest", *videos, "--json"], variables)
    run([sys.executable, "-m", "benchmarks.forget"], variables)
    begun.rename(made)
    return made


def _copy(source: Path, target: Path) -> None:
    """Copies a folder; a copy that was stopped is no copy."""
    part = target.with_suffix(".copy")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(source, part)
    part.rename(target)


def is_done(out: Path, cases: Sequence[Case]) -> bool:
    """Whether each case has its answer there."""
    results = ResultStore(out).results()
    return all((found := results.get((Mode.FULL, case.id))) and not found.failed for case in cases)


def measure(variant: Variant, annotations: Path, out: Path, read: Path, limit: int | None) -> None:
    """Asks what is not answered yet, in a copy of the library that was read."""
    copy = out / "library"
    if not copy.is_dir():
        _copy(read, copy)
    command = [*variant.program, "eval", "own", "--annotations", str(annotations), "--videos", str(annotations.parent)]
    command += ["--out", str(out), "--json", *(("--limit", str(limit)) if limit else ())]
    run(command, {**variant.settings, "LONGREEL_DATA": str(copy)})
    shutil.rmtree(copy)


def tables(found: Mapping[str, Sequence[Judged]]) -> list[dict[str, Any]]:
    """The figures of each variant, the default against each, and what the variants are."""
    made = [{"title": "With one part changed or left out", **figures(found, "variant")}]
    differ = compared(found, DEFAULT.name)
    if differ["rows"]:
        columns = ["variants", *differ["columns"][1:]]
        made.append({"title": "The same questions in two variants", **differ, "columns": columns})
    rows = [[one.name, one.what, _told(one)] for one in VARIANTS if one.name in found]
    return [*made, {"title": "The variants", "columns": ["variant", "what it is", "how"], "rows": rows}]


def _told(variant: Variant) -> str:
    settings = " ".join(f"`{name}={value}`" for name, value in variant.settings.items())
    return f"`benchmarks.without {variant.without}`" if variant.without else settings or "-"


def report(annotations: Path, out: Path) -> dict[str, Any]:
    """All variants that were asked, as plain data. Raises SystemExit when none was."""
    found = {one.name: asked(annotations, out / one.name, [Mode.FULL])[Mode.FULL] for one in VARIANTS}
    found = {name: answers for name, answers in found.items() if answers}
    if not found:
        raise SystemExit(f"Nothing was asked in {out} yet.")
    return {
        "title": "What each part of the agent brings",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.ablations FOLDER --out OUT",
        "tables": tables(found),
        "notes": [
            *about(out / [*found][-1]),
            "every variant begins with the same library, in which nothing was asked before",
            *_shorter(found),
            f"errors: {sum(one.result.failed for answers in found.values() for one in answers)}",
        ],
    }


def _shorter(found: Mapping[str, Sequence[Judged]]) -> list[str]:
    most = max(map(len, found.values()))
    short = {name: len(answers) for name, answers in found.items() if len(answers) < most}
    return [
        f"{name} was asked {count} of {most} only: the table of the same questions compares it"
        for name, count in short.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the videos, asks everything in every variant, prints the tables and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of videos with qa.jsonl, or a sample's .truth.json")
    parser.add_argument("--out", type=Path, default=Path("eval-ablations"), help="folder of results")
    parser.add_argument("--keep", type=Path, help="a library that has the videos; it is copied, not changed")
    parser.add_argument("--only", action="append", default=[], choices=[one.name for one in VARIANTS], help="repeat")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    given: Path = options.folder
    annotations = given / "qa.jsonl" if given.is_dir() else given
    cases = benchmark("own").loaded(annotations).limited(options.limit).cases
    read = library(annotations, cases, options.out, options.keep)
    for variant in wanted(options.only):
        if not is_done(options.out / variant.name, cases):
            print(f"{variant.name}: {variant.what}", file=sys.stderr)
            measure(variant, annotations, options.out / variant.name, read, options.limit)
    keep(report(annotations, options.out), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
