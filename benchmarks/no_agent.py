"""Whether the agent is worth its steps: the same model without it, on the same questions.

    python -m benchmarks.no_agent FOLDER --library DIR [--questions FILE] [--choice] [--limit N] [--json FILE]

Without the agent the model gets evenly spaced frames (32, or 64 of a film longer than five minutes) and the transcript
in one prompt. Other rows need no language model at all: the passage of the video that is nearest to the question, or
with `--choice` the option nearest to a passage, and the option nearest to the question. These are the modes no-agent,
none and blind of `longreel eval`. Any settings will do, such as a remote server. Answers are appended to DIR/no_agent/,
a file a row, and what is there is not asked again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.settings import load_settings
from app.evaluation.metrics.comparison import paired
from app.evaluation.metrics.scores import share
from app.evaluation.modes.agent import Asker
from app.evaluation.modes.material import ModeMaterial
from app.evaluation.modes.mode import Mode
from app.evaluation.report import interval, percent
from benchmarks.cli_runner import machine, name_of
from benchmarks.questions import AnswerFile, Asked, Product, Wording, ask_missing, ingest, read_questions, timed
from benchmarks.report import keep

AGENT = "agent"
CONTROLS = {"no agent": Mode.NO_AGENT, "nearest passage": Mode.NONE}
OPTION_CONTROLS = {"no agent": Mode.NO_AGENT, "nearest option": Mode.NONE, "question alone": Mode.BLIND}

Row = Callable[[Wording], Asked]


def rows_of(product: Product, *, choice: bool) -> dict[str, Row]:
    """The ways to answer that are compared; the first is the agent."""

    def of(way: Asker) -> Row:
        def ask(question: Wording) -> Asked:
            case = question.case if choice else replace(question.case, options=(), answer=None)
            return timed(question, choice, lambda: way(case, product.video(question.video), lambda: False))

        return ask

    controls = OPTION_CONTROLS if choice else CONTROLS
    rows: dict[str, Row] = {AGENT: lambda question: product.ask(question, choice=choice)}
    return rows | {name: of(product.asker(mode)) for name, mode in controls.items()}


def report(answers: Mapping[str, Sequence[Asked]], choice: bool, model: str) -> dict[str, Any]:
    """The result as plain data."""
    main = answers[AGENT]
    modalities = sorted({one.question.modality for one in main})
    against = [
        _pair(AGENT, name, [one.right for one in main], [one.right for one in other])
        for name, other in answers.items()
        if name != AGENT
    ]
    form = "with their options" if choice else "openly"
    return {
        "title": "The agent against the same model without it",
        "document": "results.md",
        "machine": machine(),
        "command": "python -m benchmarks.no_agent FOLDER --library DIR" + (" --choice" if choice else ""),
        "tables": [
            {
                "title": "Right answers",
                "columns": ["way", "questions", "right", "95 % interval", *modalities, "median seconds"],
                "rows": [[name, *_cells(some, modalities)] for name, some in answers.items()],
            },
            {
                "title": "The same questions, answered in two ways",
                "columns": ["ways", "questions", "only first right", "only second right", "difference", "p"],
                "rows": against,
            },
            {
                "title": "Citations, of questions whose evidence is known",
                "columns": ["way", "answers", "citations", "median seconds of one", "on the evidence", "R@1, IoU 0.5"],
                "rows": [[name, *_grounding(some)] for name, some in answers.items()],
            },
        ],
        "notes": [
            f"asked {form}; model: {model}",
            f"without the agent: {ModeMaterial()}, in one prompt",
            "p: McNemar's exact test, two-sided; aim: the agent is right at least as often",
        ],
        "right": {name: share(one.right for one in some).value for name, some in answers.items()},
    }


def _cells(answers: Sequence[Asked], modalities: Sequence[str]) -> list[str]:
    right = share(one.right for one in answers)
    parts = [[one.right for one in answers if one.question.modality == name] for name in modalities]
    median_s = statistics.median(one.seconds for one in answers) if answers else 0.0
    counts = [f"{sum(some)} of {len(some)}" for some in parts]
    return [str(right.whole), percent(right.value), interval(right.interval), *counts, f"{median_s:.1f}"]


def _grounding(answers: Sequence[Asked]) -> list[str]:
    """How many answers cite what, how long a citation is, and how well the first one meets the given evidence."""
    known = [(one.answer.citations, one.question.case.evidence) for one in answers if one.answer]
    known = [(citations, evidence) for citations, evidence in known if citations and evidence]
    if not known:
        return ["0"] * 2 + ["-"] * 3
    cited = [(citation.span, evidence) for citations, evidence in known for citation in citations]
    first = [(citations[0].span, evidence) for citations, evidence in known]
    near = [any(span.start_s - 1 <= g.end_s and g.start_s <= span.end_s + 1 for g in given) for span, given in cited]
    return [
        str(len(known)),
        str(len(cited)),
        f"{statistics.median(span.duration_s for span, _ in cited):.1f}",
        percent(share(near).value),
        percent(share(max(span.iou(g) for g in given) >= 0.5 for span, given in first).value),
    ]


def _pair(first: str, second: str, one: Sequence[bool], other: Sequence[bool]) -> list[str]:
    both = paired(one, other)
    counts = [str(both.questions), str(both.first_only), str(both.second_only)]
    return [f"{first} - {second}", *counts, f"{both.difference:+.1%}", f"{both.p:.3f}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads what is missing, asks what was not asked, prints the tables and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the videos")
    parser.add_argument("--library", type=Path, required=True, help="the library that is read into and asked")
    parser.add_argument("--questions", type=Path, help="default: qa.jsonl of the folder")
    parser.add_argument("--choice", action="store_true", help="ask with the options")
    parser.add_argument("--videos", default="", help="only these, with commas between them")
    parser.add_argument("--limit", type=int, default=0, help="the first so many questions")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    every = read_questions(options.questions or options.folder / "qa.jsonl")
    names = [name for name in options.videos.split(",") if name]
    questions = [one for one in every if not names or one.video in names][: options.limit or None]
    if not questions:
        print(f"No such question in {options.folder}.", file=sys.stderr)
        return 2
    ingest((question.video for question in questions), options.folder, options.library)
    product = Product(load_settings().model_copy(update={"data": options.library}))
    answers = {}
    for name, ask in rows_of(product, choice=options.choice).items():
        file = AnswerFile(options.library / "no_agent" / f"{name.replace(' ', '_')}.jsonl")
        answers[name] = ask_missing(questions, ask, file, choice=options.choice)
    chat = product.parts.chat
    keep(report(answers, options.choice, name_of(chat) if chat else "none"), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
