"""How fast the language model reads a prompt and writes, in tokens a second.

    python -m benchmarks.language_speed [--build NAME] [--json benchmarks/results/language_speed.json]

NAME says how its library was built, since that decides: the same weights are read faster by a library that was compiled
for this processor. FILE keeps what it has of other builds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from app.core.ports import Chat
from app.core.settings import load_settings
from app.core.types import Message
from benchmarks.cli_runner import machine
from benchmarks.report import keep
from gpu_workers.registry import Workers

WORDS = (300, 1200)
"""Prompt lengths in words; the report gives them in tokens."""
RUNS = 3
WRITTEN = 64
_VOCABULARY = ("harbour", "seven", "the", "report", "of", "a", "telescope", "winter", "and", "quiet", "boats", "said")


def prompt_of(words: int, seed: int) -> list[Message]:
    """A prompt that begins unlike any other seed's, so that nothing of it was read before."""
    chance = random.Random(seed)  # noqa: S311 - the same prompts every time, no secret
    text = " ".join(chance.choice(_VOCABULARY) for _ in range(words))
    return [Message("user", f"{seed}. Go on with this text, as long as you can: {text}")]


def measure(model: Chat, words: int) -> dict[str, float]:
    """Prompt tokens, and medians of tokens read and written a second."""
    tokens, reading, writing = 0, [], []
    for run in range(RUNS):
        prompt = prompt_of(words, run)
        started = time.perf_counter()
        tokens = model.chat(prompt, max_output=1).prompt_tokens
        reading.append(tokens / (time.perf_counter() - started))
        started = time.perf_counter()  # the prompt is known now: what takes time is writing
        writing.append(model.chat(prompt, max_output=WRITTEN).output_tokens / (time.perf_counter() - started))
    return {"tokens": tokens, "read": round(median(reading), 1), "written": round(median(writing), 1)}


def report(builds: Mapping[str, Sequence[Mapping[str, float]]], model: str) -> dict[str, Any]:
    """The table of all builds as plain data."""
    rows = [
        [build, f"{one['tokens']:.0f}", f"{one['read']:.0f}", f"{one['written']:.0f}"]
        for build, measured in builds.items()
        for one in measured
    ]
    columns = ["library", "prompt tokens", "read a second", "written a second"]
    return {
        "title": "Reading and writing by the language model",
        "machine": machine(),
        "command": "python -m benchmarks.language_speed --build NAME",
        "tables": [{"title": "Tokens a second", "columns": columns, "rows": rows}],
        "notes": [f"{model}; medians of {RUNS} prompts, up to {WRITTEN} tokens written after each"],
        "builds": dict(builds),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the library that is installed, prints the table of all, writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="wheel from PyPI", help="how the library was built, as the table names it")
    parser.add_argument("--json", type=Path, help="write the table here, with the builds that it has")
    options = parser.parse_args(arguments)
    model = Workers(load_settings()).get("language_model")
    model.chat([Message("user", "Hello")], max_output=1)  # loads it
    known = json.loads(options.json.read_text("utf-8"))["builds"] if options.json and options.json.is_file() else {}
    keep(report({**known, options.build: [measure(model, words) for words in WORDS]}, model.model), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
