"""Whether the same question in other words, or in another language, gets the same answer.

    python -m benchmarks.wording FOLDER --library DIR [--half even|odd] [--variants en,de] [--choice] [--json FILE]

FOLDER has videos with qa.jsonl, qa_more.jsonl and qa_paraphrases.jsonl (rewordings, each with its `variant` and the
`original`). Videos that the library lacks are read first. Answers are appended to DIR/wording.jsonl, and what is there
is not asked again. `--half` takes half of the original questions, with all their wordings: develop on one half, and
measure on the other. `en` stands for all English rewordings.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.settings import load_settings
from app.evaluation.report import percent
from benchmarks.answer_time import percentile
from benchmarks.cli_runner import machine
from benchmarks.questions import (
    ORIGINAL,
    AnswerFile,
    Asked,
    Product,
    Wording,
    ask_missing,
    ingest,
    read_questions,
)
from benchmarks.report import keep

FILES = ("qa.jsonl", "qa_more.jsonl", "qa_paraphrases.jsonl")
LANGUAGES = ("de", "es", "zh")
OUTCOMES = ("right", "refused", "insufficient", "wrong", "error")
ENGLISH = "en"


def language(variant: str) -> str:
    """The language of a variant; all that name none are English."""
    return variant if variant in LANGUAGES else ENGLISH


def chosen(questions: Sequence[Wording], half: str, variants: Sequence[str], limit: int) -> list[Wording]:
    """Those of one half and of some variants (none named: all); originals always, to compare with."""
    picked = [
        question
        for question in questions
        if (not half or question.half == half)
        and (
            not variants
            or question.variant in (ORIGINAL, *variants)
            or (ENGLISH in variants and language(question.variant) == ENGLISH)
        )
    ]
    return picked[:limit] if limit else picked


def outcomes(answers: Sequence[Asked]) -> list[str]:
    """How many questions there are, and the share of each outcome."""
    counted = Counter(one.outcome for one in answers)
    return [str(len(answers)), *(percent(counted[name] / len(answers) if answers else None) for name in OUTCOMES)]


def gap(answers: Sequence[Asked], variant: Sequence[Asked]) -> float | None:
    """The share of right answers to some rewordings, less that to the originals of the same questions."""
    originals = {
        (one.question.video, one.question.first_wording): one.right
        for one in answers
        if one.question.variant == ORIGINAL
    }
    pairs = [
        (one.right, originals[key])
        for one in variant
        if (key := (one.question.video, one.question.first_wording)) in originals
    ]
    return sum(reworded - first for reworded, first in pairs) / len(pairs) if pairs else None


def tables(answers: Sequence[Asked]) -> list[dict[str, Any]]:
    """By language, by variant, and by modality and variant."""
    variants = list(dict.fromkeys(one.question.variant for one in answers))
    rows = {name: [one for one in answers if one.question.variant == name] for name in variants}
    reworded = [one for one in answers if one.question.variant != ORIGINAL]
    codes = list(dict.fromkeys(language(one.question.variant) for one in reworded))
    spoken = {code: [one for one in reworded if language(one.question.variant) == code] for code in codes}
    modalities = sorted({one.question.modality for one in answers})
    return [
        *([_compared("language of the rewordings", answers, spoken)] if reworded else []),
        _compared("variant", answers, rows),
        {
            "title": "Right answers by modality and variant",
            "columns": ["modality", *variants],
            "rows": [
                [
                    modality,
                    *(_right([one for one in rows[name] if one.question.modality == modality]) for name in variants),
                ]
                for modality in modalities
            ],
        },
    ]


def _compared(name: str, answers: Sequence[Asked], groups: dict[str, list[Asked]]) -> dict[str, Any]:
    rows = []
    for group, some in groups.items():
        apart = gap(answers, some)
        rows.append([group, *outcomes(some), "-" if apart is None else f"{apart:+.1%}"])
    columns = [name, "questions", *OUTCOMES, "against the original"]
    return {"title": f"By {name}", "columns": columns, "rows": rows}


def _right(answers: Sequence[Asked]) -> str:
    return f"{sum(one.right for one in answers)} of {len(answers)}" if answers else "-"


def report(answers: Sequence[Asked], choice: bool, half: str) -> dict[str, Any]:
    """The result as plain data."""
    seconds = [one.seconds for one in answers] or [0.0]
    form = "with their options" if choice else "openly"
    median, p95 = statistics.median(seconds), percentile(seconds, 0.95)
    variants = dict.fromkeys(one.question.variant for one in answers)
    return {
        "title": "The same questions in other words",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.wording FOLDER --library DIR",
        "tables": tables(answers),
        "notes": [
            f"asked {form}; half: {half or 'both'}; variants: {', '.join(variants)}",
            f"seconds an answer: median {median:.1f}, 95th percentile {p95:.1f}",
            "aims: rewordings in English within 5 points of the original, other languages within 10",
        ],
        "right": sum(one.right for one in answers) / len(answers) if answers else None,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads what is missing, asks what was not asked, prints the tables and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True, help="the library that is read into and asked")
    parser.add_argument("--half", choices=["even", "odd"], default="")
    parser.add_argument("--variants", default="", help="only these, with commas between them; en: all English ones")
    parser.add_argument("--videos", default="", help="only these, with commas between them")
    parser.add_argument("--limit", type=int, default=0, help="the first so many questions")
    parser.add_argument("--choice", action="store_true", help="ask with the options")
    parser.add_argument("--answers", type=Path, help="answers are kept here (default: DIR/wording.jsonl)")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    every = [question for name in FILES for question in read_questions(options.folder / name)]
    videos = [name for name in options.videos.split(",") if name]
    variants = [name for name in options.variants.split(",") if name]
    wanted = [one for one in every if not videos or one.video in videos]
    questions = chosen(wanted, options.half, variants, options.limit)
    if not questions:
        print(f"No such question in {options.folder}.", file=sys.stderr)
        return 2
    ingest((question.video for question in questions), options.folder, options.library)
    product = Product(load_settings().model_copy(update={"data": options.library}))
    file = AnswerFile(options.answers or options.library / "wording.jsonl")
    answers = ask_missing(questions, lambda one: product.ask(one, choice=options.choice), file, choice=options.choice)
    keep(report(answers, options.choice, options.half), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
