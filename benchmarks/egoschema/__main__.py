"""Six ways to answer EgoSchema's public questions from published captions, two of them without a model.

    python -m benchmarks.egoschema QUESTIONS.json CAPTIONS.json --out FOLDER [--limit N] [--minutes M] [--json FILE]

QUESTIONS has rows {q_uid, question, "option 0".."option 4", truth}; CAPTIONS has {q_uid: [caption of each second]}.
Goes on where an earlier run with the same FOLDER stopped; `--minutes 0` only writes the tables.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.bootstrap import build_measuring
from app.core.errors import BadInput, LongreelError
from app.core.settings import load_settings
from app.core.types import Caption
from app.evaluation.cases import Case
from app.evaluation.datasets.registry import benchmark
from app.evaluation.metrics.scores import JudgedCase, accuracy
from app.evaluation.report import differences, interval, paired_table, percent
from app.evaluation.run.results import Result, ResultStore
from benchmarks.cli_runner import machine
from benchmarks.egoschema.captions import captions_in
from benchmarks.egoschema.methods import (
    Direct,
    InRounds,
    Method,
    NearestCaption,
    NearestQuestion,
    OurAgent,
    SummaryFirst,
)
from benchmarks.report import keep

NAMES = {
    "direct": "direct: all captions and the options",
    "summary": "summary first, as LLoVi does",
    "rounds": "rounds from five captions, as VideoAgent does",
    "agent": "our agent",
    "nearest": "no language model: option nearest to a caption",
    "blind": "no language model, no captions: option nearest to the question",
}
PUBLISHED = (
    ("LLoVi, captions directly", "gpt-3.5", 51.2),
    ("LLoVi, summary first", "gpt-3.5", 57.4),
    ("LLoVi, summary first", "gpt-4", 61.2),
    ("chance", "none", 20.0),
)
"""Accuracies on all 500 public questions that LLoVi's repository names (arXiv 2312.17235)."""
_ORDER_SEED = 1

Results = Mapping[tuple[str, str], Result]


def cases_of(questions: Path, captions: Mapping[str, Sequence[Caption]], limit: int | None) -> list[Case]:
    """The questions with a known answer and captions, shuffled the same way each time, the first `limit` of them."""
    loaded = benchmark("egoschema").loaded(questions)
    cases = sorted((c for c in loaded.cases if c.has_truth and c.id in captions), key=lambda c: c.id)
    if not cases:
        raise BadInput(
            f"No question of {questions.name} has an answer and captions.", "Give files that belong together."
        )
    random.Random(_ORDER_SEED).shuffle(cases)  # noqa: S311 - the same order every time, no secret
    return cases[:limit]


def ask(
    cases: Sequence[Case],
    captions: Mapping[str, Sequence[Caption]],
    methods: Mapping[str, Method],
    store: ResultStore,
    minutes: float,
) -> None:
    """Asks what has no result yet, a question in every mode before the next, until the time is over."""
    results, started = store.results(), time.monotonic()
    for number, case in enumerate(cases, 1):
        if time.monotonic() - started >= 60 * minutes:
            return
        for mode, method in methods.items():
            before = results.get((mode, case.id))
            if before is not None and not before.failed:
                continue
            try:
                result = method(case, captions[case.id])
            except LongreelError as error:
                result = Result(case.id, mode, None, error=str(error))
            store.add(result)
            said = result.error or ("right" if JudgedCase(case, result).right else "wrong")
            print(f"{number}/{len(cases)} {mode:8} {result.usage.seconds:6.1f} s  {said}", flush=True)


def report(cases: Sequence[Case], results: Results, modes: Sequence[str], model: str) -> dict[str, Any]:
    """The tables as plain data; modes are compared on the questions that were answered in all of them."""
    whole = [case for case in cases if all(_is_done(results, mode, case) for mode in modes)]
    judged = {mode: [JudgedCase(case, results[mode, case.id]) for case in whole] for mode in modes}
    return {
        "title": "EgoSchema from published captions",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.egoschema QUESTIONS.json CAPTIONS.json --out FOLDER",
        "tables": [_accuracies(judged), _differences(judged), _published()],
        "notes": [
            f"{len(whole)} of {len(cases)} public questions that were given, shuffled; language model: {model}",
            "the five options are listed alphabetically and backwards: their order in the file plays no part",
            "seconds and tokens are means of a question; prompts that begin alike are read once, so that a mode "
            "after the first is quicker than alone; tokens count what was sent",
        ],
    }


def _is_done(results: Results, mode: str, case: Case) -> bool:
    result = results.get((mode, case.id))
    return result is not None and not result.failed


def _accuracies(judged: Mapping[str, Sequence[JudgedCase]]) -> dict[str, Any]:
    rows = []
    for mode, asked in judged.items():
        found = accuracy(asked)
        used = [one.result.usage for one in asked]
        means = [
            f"{sum(values) / max(1, len(asked)):.0f}"
            for values in (
                [u.seconds for u in used], [u.prompt_tokens for u in used], [u.output_tokens for u in used],
                [u.frames for u in used],
            )
        ]  # fmt: skip
        rows.append([NAMES[mode], found.whole, percent(found.value), interval(found.interval), *means])
    columns = ["mode", "questions", "right", "95 % interval", "seconds", "prompt tokens", "written", "captions read"]
    return {"title": "Accuracy", "columns": columns, "rows": rows}


def _differences(judged: Mapping[str, Sequence[JudgedCase]]) -> dict[str, Any]:
    columns, rows = paired_table(differences(judged))
    return {"title": "The same questions in two modes", "columns": columns, "rows": rows}


def _published() -> dict[str, Any]:
    return {
        "title": "Published by others, with larger models, on all 500 public questions",
        "columns": ["method", "language model", "right"],
        "rows": [[name, model, f"{value:.1f}%"] for name, model, value in PUBLISHED],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks and writes the tables; gives the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    settings = settings.model_copy(
        update={
            "data": options.out / "library",
            "agent": settings.agent.model_copy(update={"always_choose": True, "max_seconds": 600.0}),
        }
    )
    try:
        captions = captions_in(options.captions)
        cases = cases_of(options.questions, captions, options.limit)
        measuring = build_measuring(settings)
        parts = measuring.evaluation.parts
        if parts.chat is None:
            raise BadInput("There is no language model.", "Unset LONGREEL_MODELS__LANGUAGE_MODEL.")
        model = parts.chat
        methods: dict[str, Method] = {
            "direct": Direct(model),
            "summary": SummaryFirst(model),
            "rounds": InRounds(model, parts.text_embedder),
            "agent": OurAgent(measuring),
            "nearest": NearestCaption(parts.text_embedder),
            "blind": NearestQuestion(parts.text_embedder),
        }
        chosen = {mode: methods[mode] for mode in options.mode or NAMES}
        store = ResultStore(options.out)
        store.begin({"questions": _digest(options.questions, options.captions), "language model": model.model})
        ask(cases, captions, chosen, store, options.minutes)
    except LongreelError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    found = report(cases, store.results(), list(chosen), model.model)
    keep({**found, "notes": [*found["notes"], *options.remark]}, options.json)
    return 0


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--out", type=Path, default=Path("eval-egoschema-modes"), help="folder of results and library")
    parser.add_argument("--mode", action="append", choices=list(NAMES), help="only this mode; repeat for more")
    parser.add_argument("--limit", type=int, help="only the first so many, in a fixed shuffled order")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no question after so many minutes")
    parser.add_argument("--json", type=Path, help="write the tables here")
    parser.add_argument("--remark", action="append", default=[], help="a note on the run; repeat for more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
