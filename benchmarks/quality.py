"""Answer quality on videos with known answers: accuracy by modality, citations on the evidence, refusals.

A folder holds videos and a `qa.jsonl`, or samples with their `.truth.json`. Everything is read and
asked through the command line, each question open and as multiple choice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.product import LONGREEL, ProductFailed, ask_all, empty_library, publish, run, sample
from benchmarks.scoring import Asked, Reply, choice_right, open_right, summary

SHARED = Path(__file__).parents[2] / "shared" / "videos"


def questions_in(folder: Path) -> list[dict[str, Any]]:
    """Every question of a folder, its `video` made a path. Empty when the folder has none."""
    rows: list[dict[str, Any]] = []
    if (folder / "qa.jsonl").is_file():
        rows += [json.loads(line) for line in (folder / "qa.jsonl").read_text("utf-8").splitlines() if line.strip()]
    for truth in sorted(folder.glob("*.truth.json")):
        rows += json.loads(truth.read_text("utf-8"))["questions"]
    return [{**row, "path": str(folder / row["video"])} for row in rows]


def ask(rows: Sequence[Mapping[str, Any]], variables: Mapping[str, str], each: bool) -> list[Asked]:
    """Asks every question twice. `each`: in a process of its own instead of one for all."""
    forms = [form for row in rows for form in _forms(row)]
    replies: list[Reply] = []
    if each:
        for form in forms:
            replies += ask_all([form], variables).json_lines
    else:
        replies = list(ask_all(forms, variables).json_lines)
    if len(replies) != len(forms):
        raise ProductFailed(f"{len(forms)} questions were asked and {len(replies)} lines came back")
    return [Asked(row, replies[2 * i], replies[2 * i + 1]) for i, row in enumerate(rows)]


def markdown(result: Mapping[str, Any]) -> str:
    """The report of a run as Markdown tables."""
    lines = ["| modality | questions | open | multiple choice |", "|---|---|---|---|"]
    for name, share in [*result["by_modality"].items(), ("**all**", result["all"])]:
        lines.append(f"| {name} | {share['questions']} | {percent(share['open'])} | {percent(share['choice'])} |")
    lines += ["", "| video | questions | open | multiple choice |", "|---|---|---|---|"]
    for name, share in result["by_video"].items():
        lines.append(f"| {name} | {share['questions']} | {percent(share['open'])} | {percent(share['choice'])} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes(result))])


def notes(result: Mapping[str, Any]) -> list[str]:
    """The figures that are not accuracies, a sentence each."""
    return [
        f"citations that overlap the given evidence: {percent(result['citations_on_evidence'])}"
        f" of {result['citations']}",
        f"unanswerable questions refused: {percent(result['unanswerable_refused'])}",
        f"answerable questions wrongly refused: {percent(result['answerable_refused'])}",
        f"errors: {result['errors']}; median time of an answer: {result['median_s']} s",
    ]


def percent(share: float | None) -> str:
    """A share as a whole percentage; a dash when there was nothing to count."""
    return "-" if share is None else f"{share:.0%}"


def _forms(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    plain = {"question": row["question"], "video": row["path"]}
    return plain, {**plain, "options": row["options"]}


def _detail(one: Asked) -> dict[str, Any]:
    keep = ("status", "text", "option_index", "confidence", "citations", "usage", "error")
    return {
        "video": one.row["video"],
        "question": one.row["question"],
        "answer": one.row["answer"],
        "open_right": open_right(one.row, one.open),
        "choice_right": choice_right(one.row, one.choice),
        "open": {key: one.open[key] for key in keep if key in one.open},
        "choice": {key: one.choice[key] for key in keep if key in one.choice},
    }


def _gathered(options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = [row for folder in options.folder or [SHARED] for row in questions_in(folder)]
    if options.sample:
        video = sample(12)
        rows += [row for row in questions_in(video.parent) if row["path"] == str(video)]
    return [row for row in rows if not options.video or row["video"] in options.video]


def main() -> None:
    """Reads the videos, asks everything, prints the tables and writes JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="*", type=Path, help=f"default {SHARED}")
    parser.add_argument("--sample", action="store_true", help="also the made sample of 12 minutes")
    parser.add_argument("--video", action="append", help="only this video; repeat for more")
    parser.add_argument("--each", action="store_true", help="one process for each question")
    parser.add_argument("--keep", type=Path, help="use and keep this library instead of an empty one")
    parser.add_argument("--json", type=Path, help="write figures and every answer here")
    parser.add_argument("--markdown", type=Path, help="write the report here")
    options = parser.parse_args()
    rows = _gathered(options)
    if not rows:
        parser.error("there are no questions; give a folder with qa.jsonl, or --sample")
    with empty_library() as temporary:
        variables = {"LONGREEL_DATA": str(options.keep)} if options.keep else temporary
        run([*LONGREEL, "ingest", *dict.fromkeys(row["path"] for row in rows), "--json"], variables)
        asked = ask(rows, variables, options.each)
    result = summary(asked)
    table = [[n, s["questions"], percent(s["open"]), percent(s["choice"])] for n, s in result["by_modality"].items()]
    table.append(["all", result["all"]["questions"], percent(result["all"]["open"]), percent(result["all"]["choice"])])
    columns = ["modality", "questions", "open", "multiple choice"]
    details = [_detail(one) for one in asked]
    publish("Answer quality", columns, table, options.json, notes=notes(result), figures=result, answers=details)
    print("\n".join(notes(result)))
    if options.markdown:
        options.markdown.write_text(markdown(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
