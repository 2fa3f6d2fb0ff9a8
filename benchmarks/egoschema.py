"""EgoSchema's public questions, answered from published captions in several modes, two of them without a model.

    python -m benchmarks.egoschema QUESTIONS.json CAPTIONS.json --out FOLDER [--limit N] [--minutes M] [--json FILE]

QUESTIONS has rows {q_uid, question, "option 0".."option 4", truth}; CAPTIONS has {q_uid: [caption of each second]}.
The captions are imported as videos, then `longreel eval egoschema` runs over them. Goes on where an earlier run with
the same FOLDER stopped; `--minutes 0` only writes the tables.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.bootstrap import build_measuring
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.settings import load_settings
from app.evaluation.datasets.registry import benchmark
from app.evaluation.datasets.rows import read_json, read_rows
from app.evaluation.modes.mode import Mode
from app.evaluation.report import interval, paired_table, percent
from app.evaluation.run.service import Order
from benchmarks.cli_runner import machine
from benchmarks.report import keep

MODES = (Mode.NO_AGENT, Mode.LLOVI, Mode.VIDEOAGENT, Mode.FULL, Mode.NONE, Mode.BLIND)
PUBLISHED = (
    ("LLoVi, captions directly", "gpt-3.5", 51.2),
    ("LLoVi, summary first", "gpt-3.5", 57.4),
    ("LLoVi, summary first", "gpt-4", 61.2),
    ("chance", "none", 20.0),
)
"""Accuracies on all 500 public questions that LLoVi's repository names (arXiv 2312.17235)."""
_ORDER_SEED = 1
_TAG = re.compile(r"^#\w+\s+|#unsure", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the|his|her|its|their)\b")

Timed = dict[str, float | str]
"""A caption as `longreel import` reads it: {start_s, end_s, text}."""


def merged(said: Sequence[str]) -> list[Timed]:
    """One caption for each run of the same one, over all its seconds.

    Two are the same when only a tag such as "#C", an article or the last full stop distinguishes them; the first stays.
    """
    kept: list[Timed] = []
    for second, text in enumerate(said):
        plain = " ".join(_TAG.sub(" ", text.strip()).split()).rstrip(" .")
        if kept and _key(str(kept[-1]["text"])) == _key(plain):
            kept[-1]["end_s"] = second + 1.0
        elif plain:
            kept.append({"start_s": float(second), "end_s": second + 1.0, "text": plain})
    return kept


def _key(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower()).split())


def prepare(questions: Path, captions: Path, out: Path, limit: int | None) -> tuple[Path, Path]:
    """The questions that have captions, shuffled the same way each time, and the captions, as files in `out`."""
    given = read_json(captions)
    if not isinstance(given, Mapping):
        raise BadInput(f"{captions} has no captions by video.", 'Give JSON: {"name": [caption, ...]}.')
    rows = sorted((dict(row.data) for row in read_rows(questions) if row.data.get("q_uid") in given), key=_id)
    if not rows:
        raise BadInput(f"No question of {questions.name} has captions.", "Give files that belong together.")
    random.Random(_ORDER_SEED).shuffle(rows)  # noqa: S311 - the same order every time, no secret
    out.mkdir(parents=True, exist_ok=True)
    (out / "questions.json").write_text(json.dumps(rows), "utf-8")
    captions_by_id = {_id(row): merged(given[_id(row)]) for row in rows[:limit]}
    (out / "captions.json").write_text(json.dumps(captions_by_id), "utf-8")
    return out / "questions.json", out / "captions.json"


def _id(row: Mapping[str, Any]) -> str:
    return str(row["q_uid"])


def report(found: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The result of a run as tables."""
    columns, rows = paired_table(found["differences"])
    return {
        "title": "EgoSchema from published captions",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.egoschema QUESTIONS.json CAPTIONS.json --out FOLDER",
        "tables": [
            _accuracies(found["modes"]),
            {"title": "The same questions in two modes", "columns": columns, "rows": rows},
            {
                "title": "Published by others, with larger models, on all 500 public questions",
                "columns": ["method", "language model", "right"],
                "rows": [[name, reader, f"{value:.1f}%"] for name, reader, value in PUBLISHED],
            },
        ],
        "notes": [f"language model: {model}; seconds and tokens are means of a question", *found["notes"]],
    }


def _accuracies(modes: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for mode, one in modes.items():
        right, cost = one["accuracy"], one["cost"]
        means = [f"{cost[name] or 0:.0f}" for name in ("seconds", "prompt_tokens", "output_tokens")]
        rows.append([mode, right["of"], percent(right["value"]), interval(right["interval"]), *means])
    columns = ["mode", "questions", "right", "95 % interval", "seconds", "prompt tokens", "written"]
    return {"title": "Accuracy", "columns": columns, "rows": rows}


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks and writes the tables; gives the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    agent = settings.agent.model_copy(update={"always_choose": True, "max_seconds": 600.0})
    settings = settings.model_copy(update={"data": options.out / "library", "agent": agent})
    try:
        questions, captions = prepare(options.questions, options.captions, options.out, options.limit)
        measuring = build_measuring(settings)
        chat = measuring.evaluation.parts.chat
        measuring.imports.run(captions)
        modes = tuple(map(Mode, options.mode or MODES))
        ends = time.monotonic() + 60 * options.minutes
        order = Order(benchmark("egoschema"), questions, None, None, options.out, modes, options.limit)
        try:
            found = measuring.evaluation.run(order, cancelled=lambda: time.monotonic() >= ends)
        except Cancelled:
            found = json.loads((options.out / "report.json").read_text("utf-8"))
    except LongreelError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    made = report(found, chat.model if chat else "none")
    keep({**made, "notes": [*made["notes"], *options.remark]}, options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--out", type=Path, default=Path("eval-egoschema-modes"), help="folder of results and library")
    parser.add_argument("--mode", action="append", choices=[*Mode], help="only this mode; repeat for more")
    parser.add_argument("--limit", type=int, help="only the first questions, in a fixed shuffled order")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop asking after so long")
    parser.add_argument("--remark", action="append", default=[], help="a note to write below the tables")
    parser.add_argument("--json", type=Path, help="write the tables here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
