"""Needles in long videos: a sentence, a card and a picture at five depths of a made sample, by its length.

    python -m benchmarks.needles --minutes 10 [--out FOLDER] [--json benchmarks/results/needles.json]

One sample of that length holds all needles. It is read once, then `longreel eval own` asks for each of them; both go on
where an earlier run with the same FOLDER stopped. A needle counts as answered when the answer is right and cites the
moment of the needle, and as found when the search has that moment among its first five. FILE keeps what it has of
other lengths.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from app.bootstrap import build_measuring
from app.core.settings import load_settings
from app.core.types import TimeSpan
from app.evaluation.metrics.grounding import TOLERANCE_S, cited
from app.evaluation.metrics.scores import JudgedCase, share
from app.evaluation.modes.mode import Mode
from app.evaluation.report import interval, percent
from benchmarks.cli_runner import LONGREEL, machine, run, truth
from benchmarks.quality import asked
from benchmarks.report import keep
from benchmarks.sample.make import Needle, Request, make

DEPTHS = (0.05, 0.25, 0.5, 0.75, 0.95)
FIRST = 5
"""How many moments of a search are looked at."""
APART = 0.02
"""How far two needles of one depth lie from each other, as a share of the video."""
ANY = "."


@dataclass(frozen=True, slots=True)
class Hidden:
    """A needle, the question for it, and an expression that a right answer holds."""

    kind: str
    text: str
    question: str
    accept: str


SPEECH = (
    ("The secret ingredient of the soup is crushed juniper.", "What is the secret ingredient of the soup?", "juniper"),
    ("The missing violin was found inside the old piano.", "Where was the missing violin found?", "piano"),
    ("The parrot of the captain is called Marmalade.", "What is the parrot of the captain called?", "marmalade"),
    ("The treasure map was hidden behind the kitchen clock.", "Where was the treasure map hidden?", "clock"),
    ("The marathon was won by a baker from Portugal.", "Who won the marathon?", "baker"),
    ("The spare key lies under the blue flower pot.", "Where does the spare key lie?", "flower ?pot"),
    ("The elephant was brought to town by a circus from Vienna.", "Who brought the elephant to town?", "circus"),
    ("The mayor forbade the use of trumpets after midnight.", "What did the mayor forbid after midnight?", "trumpet"),
    ("The oldest cheese is kept in the cellar of the school.", "Where is the oldest cheese kept?", "cellar|school"),
    ("The lost submarine was named after a dentist.", "After whom was the lost submarine named?", "dentist"),
)
CARDS = (
    ("Wireless password: mango 4821", "What is the wireless password?", "4821"),
    ("Locker number 3057", "What is the locker number?", "3057"),
    ("Emergency line: 555 0142", "What is the number of the emergency line?", "555.?0142"),
    ("Flight QX 918 to Lisbon", "Which flight goes to Lisbon?", "QX ?918"),
    ("Invoice total: 7346 euros", "What is the invoice total?", "7346"),
    ("Serial number KB 60715", "What is the serial number?", "60715"),
    ("Radio Pelikan on 97.3 MHz", "On which frequency is Radio Pelikan?", "97.3"),
    ("Room 214: chess club", "In which room is the chess club?", "214"),
    ("Bus 66 to the quarry", "Which bus goes to the quarry?", r"\b66\b"),
    ("Patent holder: Zofia Brandt", "Who is the patent holder?", "brandt"),
)
PHOTOS = (
    ("clock_motion", "When is a clock shown?", ANY),
    ("chessboard_RGB", "When is a chessboard shown?", ANY),
    ("retina", "When is the retina of an eye shown?", ANY),
    ("horse", "When is the silhouette of a horse shown?", ANY),
    ("cell", "When is a cell under the microscope shown?", ANY),
)
HIDDEN = tuple(
    Hidden(kind, *rows) for kind, table in (("speech", SPEECH), ("card", CARDS), ("photo", PHOTOS)) for rows in table
)
NAMES = {"speech": "spoken sentence", "card": "text on the screen", "photo": "picture"}


def depth_of(hidden: Hidden) -> float:
    """Where a needle is hidden: the needles of a kind go through the depths one after the other."""
    return DEPTHS[[one for one in HIDDEN if one.kind == hidden.kind].index(hidden) % len(DEPTHS)]


def request(minutes: float) -> Request:
    """The sample with all needles; those of one depth a little apart, so that each lies between other scenes."""
    needles = []
    for depth in DEPTHS:
        here = [one for one in HIDDEN if depth_of(one) == depth]
        first = depth - APART * (len(here) - 1) / 2
        needles += [Needle(one.kind, one.text, min(1.0, max(0.0, first + n * APART))) for n, one in enumerate(here)]
    return Request(minutes=minutes, needles=tuple(needles))


def questions(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row of our own form for every needle, its evidence where the sample has it."""
    where = {(one["kind"], one["text"]): [one["start_s"], one["end_s"]] for one in facts["needles"]}
    return [
        {
            "video": facts["video"],
            "question": one.question,
            "accept": [one.accept],
            "evidence": [where[one.kind, one.text]],
            "modality": f"{one.kind} {depth_of(one)}",
        }
        for one in HIDDEN
    ]


Search = Callable[[str], Sequence[TimeSpan]]
"""The spans that a search for a question finds first."""


def cells(found: Sequence[JudgedCase], search: Search) -> list[dict[str, Any]]:
    """What came of each needle, as plain data."""
    made = []
    for one in found:
        kind, depth = one.case.values("modality")[0].split()
        answered = one.right and bool(cited([one]).answers.part)
        near = [span.padded(TOLERANCE_S) for span in one.case.evidence]
        hit = any(span.overlaps(given) for span in search(one.case.question) for given in near)
        made.append({
            "kind": kind, "depth": float(depth), "answered": answered, "found": hit,
            "seconds": round(one.result.usage.seconds, 2),
        })  # fmt: skip
    return made


def report(lengths: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The result as plain data. `lengths`: the cells of each length in minutes."""
    ordered = dict(sorted(lengths.items(), key=lambda item: float(item[0])))
    return {
        "title": "Needles by depth and length",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.needles --minutes M --json benchmarks/results/needles.json",
        "tables": [_table(ordered)],
        "pictures": [_map(ordered, kind, measure) for kind in NAMES for measure in ("answered", "found")],
        "notes": [
            "answered: the answer is right and cites the needle within a second; a picture's needs the citation only",
            f"found: the needle is among the first {FIRST} moments of a search for the question",
            "two needles a depth for speech and text, one for pictures; all in one made sample of each length",
            "figures of development: after a first run, which lost sentences in 240 minutes, words got more weight",
        ],
        "lengths": ordered,
    }


def _table(lengths: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    rows = []
    for minutes, all_cells in lengths.items():
        for kind, name in NAMES.items():
            here = [cell for cell in all_cells if cell["kind"] == kind]
            answered, found = share(c["answered"] for c in here), share(c["found"] for c in here)
            seconds = f"{median(cell['seconds'] for cell in here):.1f}" if here else "-"
            rows.append([
                minutes, name, len(here), percent(answered.value), interval(answered.interval), percent(found.value),
                interval(found.interval), seconds,
            ])  # fmt: skip
    columns = ["minutes", "needle", "needles", "answered", "95 % interval", "found", "95 % interval", "median seconds"]
    return {"title": "All depths together", "columns": columns, "rows": rows}


def _map(lengths: Mapping[str, Sequence[Mapping[str, Any]]], kind: str, measure: str) -> dict[str, Any]:
    def value(minutes: str, depth: float) -> float | None:
        here = [cell[measure] for cell in lengths[minutes] if (cell["kind"], cell["depth"]) == (kind, depth)]
        return share(here).value

    return {
        "name": f"needles-{kind}-{measure}",
        "kind": "heat",
        "title": f"{NAMES[kind].capitalize()}: {'answered' if measure == 'answered' else 'found by search'}",
        "axes": "depth (0 start, 1 end) by minutes",
        "columns": list(lengths),
        "rows": [str(depth) for depth in DEPTHS],
        "values": [[value(minutes, depth) for minutes in lengths] for depth in DEPTHS],
    }


def measure(minutes: float, out: Path) -> list[dict[str, Any]]:
    """Makes the sample, has it read and asks; what was done before is not done again."""
    settings = load_settings()
    samples = settings.home / "samples"
    video = samples / f"needles-{minutes:g}min.mp4"
    make(request(minutes), video, samples / "voice", lambda *_: None)
    folder = out / f"{minutes:g}min"
    folder.mkdir(parents=True, exist_ok=True)
    annotations = folder / "qa.jsonl"
    rows = questions(truth(video))
    annotations.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = [*LONGREEL, "eval", "own", "--annotations", str(annotations), "--videos", str(samples), "--json"]
    run([*command, "--mode", "full", "--out", str(folder)], {"LONGREEL_DATA": str(out / "library")})
    measuring = build_measuring(settings.model_copy(update={"data": out / "library"}))
    parts = measuring.evaluation.parts
    (read,) = (known for known in parts.library.videos() if known.path == str(video.resolve()))

    def search(question: str) -> list[TimeSpan]:
        return [one.segment.span for one in parts.retriever.search(question, limit=FIRST, videos=[read.id])]

    return cells(asked(annotations, folder, [Mode.FULL])[Mode.FULL], search)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures one length, prints the tables of all, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, required=True, help="length of the sample: 10, 60, 120, 240")
    parser.add_argument("--out", type=Path, default=Path("eval-needles"), help="folder of the library and the results")
    parser.add_argument("--json", type=Path, help="write the tables here, with the lengths that it has")
    options = parser.parse_args(arguments)
    known = json.loads(options.json.read_text("utf-8"))["lengths"] if options.json and options.json.is_file() else {}
    keep(report({**known, f"{options.minutes:g}": measure(options.minutes, options.out)}), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
