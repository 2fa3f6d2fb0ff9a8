"""Answer quality on videos with known answers: accuracy by modality and by source, citations on the evidence, refusals.

    python -m benchmarks.quality ../shared/videos --out FOLDER [--mode full] [--keep LIBRARY] [--json FILE]

Everything is read and asked by `longreel eval own`: each question openly and as multiple choice, and with `--mode all`
from the transcript alone, the captions alone, evenly spaced moments, and by the full agent. Goes on where an earlier
run with the same FOLDER stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from app.core.types import AnswerStatus
from app.evaluation.datasets.registry import benchmark
from app.evaluation.metrics.grounding import asks_when, cited, moment_retrieval
from app.evaluation.metrics.reliability import reliability
from app.evaluation.metrics.scores import JudgedCase, Share, accuracy, by_label, refusals, share
from app.evaluation.modes.mode import COMPARED, Mode
from app.evaluation.report import chapter_table, differences, interval, number, paired_table, percent
from app.evaluation.run.results import ResultStore
from app.evaluation.run.service import judged
from app.services import calibration
from benchmarks.cli_runner import LONGREEL, empty_library, machine, run
from benchmarks.report import keep

Modes = Mapping[str, Sequence[JudgedCase]]
IN_WORDS = ("speech", "on-screen text")
"""Modalities that the offline profile must answer; the others need a model that looks."""
AIMS = {"words": 0.85, "cited": 0.9, "refused": 0.8}


def asked(annotations: Path, out: Path, modes: Sequence[str]) -> dict[str, list[JudgedCase]]:
    """The results of a run by mode."""
    loaded, results = benchmark("own").loaded(annotations), ResultStore(out).results()
    return {mode: judged(loaded, results, mode) for mode in modes}


def forms(found: Sequence[JudgedCase]) -> tuple[list[JudgedCase], list[JudgedCase]]:
    """Open questions, and those with options."""
    return [one for one in found if not one.case.options], [one for one in found if one.case.options]


def tables(modes: Modes) -> list[dict[str, Any]]:
    """All tables; the first is for the mode `full`, or the only one."""
    main = modes.get(Mode.FULL) or next(iter(modes.values()))
    made = [_by_modality(main), {"title": "By what the agent may use", **figures(modes)}, _moments(modes)]
    if len(modes) == 1:
        return made
    return [*made, {"title": "The same questions in two modes", **compared(modes, Mode.FULL)}]


def _by_modality(found: Sequence[JudgedCase]) -> dict[str, Any]:
    groups = {name: [one for one in found if name in one.case.values("modality")] for name in _modalities(found)}
    rows = []
    for name, group in [*groups.items(), ("all", list(found))]:
        opened, chosen = forms(group)
        rows.append([
            name, len(opened) or len(chosen), _percent(accuracy(opened)), _percent(accuracy(chosen)),
            percent(cited(group).answers.value),
        ])  # fmt: skip
    columns = ["modality", "questions", "open", "multiple choice", "answers that cite the evidence"]
    return {"title": "By where the answer is", "columns": columns, "rows": rows}


def _modalities(found: Sequence[JudgedCase]) -> list[str]:
    return sorted(by_label(found).get("modality", {}))


def _percent(share: Share) -> str:
    """A share with its interval of 95 %."""
    return f"{percent(share.value)} ({interval(share.interval)})" if share.whole else "-"


def _left_open(found: Sequence[JudgedCase]) -> Share:
    """Answerable questions of which it was said that a part to answer them with is missing here."""
    answerable = [one for one in found if one.case.answerable and not one.result.failed]
    return share(one.result.status is AnswerStatus.INSUFFICIENT for one in answerable)


def figures(modes: Modes, named: str = "mode") -> dict[str, Any]:
    """Accuracy, citations, refusals and cost, one row a mode. `named`: what the first column calls a mode."""
    rows = []
    for mode, found in modes.items():
        opened, chosen = forms(found)
        declined, used = refusals(opened), [one.result.usage for one in found if not one.result.failed]
        rows.append([
            mode, len(found), _percent(accuracy(opened)), _percent(accuracy(chosen)),
            percent(cited(found).answers.value), percent(declined.recall.value), percent(declined.wrong.value),
            percent(_left_open(opened).value),
            number(median([u.seconds for u in used]) if used else None, 1), _mean([u.frames for u in used]),
            _mean([u.prompt_tokens + u.output_tokens for u in used]),
        ])  # fmt: skip
    columns = [named, "asked", "open", "multiple choice", "answers that cite the evidence", "unanswerable refused"]
    columns += ["wrongly refused", "left open", "median seconds", "frames", "tokens"]
    return {"columns": columns, "rows": rows}


def _mean(values: Sequence[float]) -> str:
    return number(sum(values) / len(values), 1) if values else "-"


def _moments(modes: Modes) -> dict[str, Any]:
    rows = []
    for mode, found in modes.items():
        for name, part in (("all", found), ("questions of when", [one for one in found if asks_when(one.case)])):
            scores = moment_retrieval(part)
            if scores.miou is not None:
                shares = [percent(share.value) for share in scores.recall.values()]
                rows.append([mode, name, scores.recall[0.3].whole, *shares, percent(scores.miou)])
    columns = ["mode", "of", "with evidence", "R@1, IoU 0.3", "0.5", "0.7", "mIoU"]
    return {"title": "The first citation against the given span", "columns": columns, "rows": rows}


def compared(modes: Modes, first: str) -> dict[str, Any]:
    """One mode against each that stands after it, on the same questions."""
    columns, rows = paired_table([one for one in differences(modes) if one["first"] == first])
    return {"columns": columns, "rows": rows}


def notes(found: Sequence[JudgedCase]) -> list[str]:
    """The figures that have an aim, a sentence each, and how many errors there were."""
    opened, _ = forms(found)
    words = accuracy([one for one in found if set(one.case.values("modality")) & set(IN_WORDS)])
    declined, proof = refusals(opened), cited(found)
    return [
        f"{' and '.join(IN_WORDS)}, both forms: {_percent(words)} right; aim: {AIMS['words']:.0%}",
        f"answers with a citation on the given evidence: {_percent(proof.answers)}; aim: {AIMS['cited']:.0%}",
        f"unanswerable open questions refused: {_percent(declined.recall)}; aim: {AIMS['refused']:.0%}",
        f"answerable open questions wrongly refused: {_percent(declined.wrong)}",
        f"answerable open questions left open, for want of a part that could decide: {_percent(_left_open(opened))}",
        f"errors: {sum(one.result.failed for one in found)}",
    ]


def about(out: Path) -> list[str]:
    """With what a run was made, and what that means."""
    run = json.loads((out / "run.json").read_text("utf-8"))
    models = f"language model: {run['language model']}; vision model: {run['vision model']}"
    blind = "without a vision model nobody looks at pictures: what only they show is left open, or given as a guess"
    return [models, blind] if run["vision model"] == "none" else [models]


def chapters(out: Path) -> list[dict[str, Any]]:
    """The table of chapters against given ones; none where none are given."""
    columns, rows = chapter_table(json.loads((out / "report.json").read_text("utf-8"))["chapters"])
    return [{"title": "Chapters against the given ones", "columns": columns, "rows": rows}] if rows else []


def trust(found: Sequence[JudgedCase], name: str) -> dict[str, Any]:
    """The reliability diagram of these answers, before calibration and as shown."""
    series = [("the agent's own", reliability(found)), ("as shown", reliability(found, shown=calibration.load()))]
    bins = [{"name": name, "error": one.error, "bins": [asdict(b) for b in one.bins]} for name, one in series]
    return {"name": name, "kind": "reliability", "title": "How often answers are right", "series": bins}


def report(annotations: Path, out: Path, modes: Sequence[str]) -> dict[str, Any]:
    """The result of a run as plain data."""
    found = asked(annotations, out, modes)
    main = found.get(Mode.FULL) or next(iter(found.values()))
    made = annotations.suffix == ".json"
    given = "SAMPLE.truth.json" if made else "FOLDER"
    return {
        "title": "Answers about a made sample" if made else "Answers about real videos",
        "document": "results.md",
        "machine": machine(),
        "command": f"python -m benchmarks.quality {given} --out OUT --mode {'all' if len(modes) > 1 else modes[0]}",
        "tables": [*tables(found), *chapters(out)],
        "pictures": [trust(main, "reliability-sample" if made else "reliability")],
        "notes": [*notes(main), *about(out)],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the videos, asks everything, prints the tables and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of videos with qa.jsonl, or a sample's .truth.json")
    parser.add_argument("--out", type=Path, default=Path("eval-quality"), help="folder of results")
    parser.add_argument("--mode", default="all", choices=["all", *Mode])
    parser.add_argument("--keep", type=Path, help="use and keep this library instead of an empty one")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    given: Path = options.folder
    annotations = given / "qa.jsonl" if given.is_dir() else given
    modes = [str(mode) for mode in COMPARED] if options.mode == "all" else [options.mode]
    with empty_library() as temporary:
        variables = {"LONGREEL_DATA": str(options.keep)} if options.keep else temporary
        command = [*LONGREEL, "eval", "own", "--annotations", str(annotations), "--videos", str(annotations.parent)]
        run([*command, "--mode", options.mode, "--out", str(options.out), "--json"], variables)
    keep(report(annotations, options.out, modes), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
