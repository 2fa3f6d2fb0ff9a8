"""The demonstration: reads a short sample, answers three questions, and says where to go next.

The environment variables VIDEO and QUESTION name the user's own file and question instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.cli_runner import LONGREEL, SAMPLE
from benchmarks.sample.script import SHORT

SHORT_MINUTES = 1.0
"""The script lasts a little longer; nothing is added to it."""

QUESTIONS = (
    "Why did building the road take longer than planned?",
    "What is the number of the contract?",
    "Which football team won the village tournament?",
)
"""One that is spoken, one that is only written on the screen, one that the sample does not answer."""


def main() -> int:
    """Runs the demonstration; gives the exit code of the first command that fails."""
    console = Console(stderr=True)
    started = time.monotonic()
    own = os.environ.get("VIDEO", "").strip()
    question = os.environ.get("QUESTION", "").strip()
    questions = [question] if question else ([] if own else list(QUESTIONS))
    if own and not Path(own).is_file():
        console.print(f"There is no file {own}. Give its path: make demo VIDEO=/path/file.mp4", style="red")
        return 3
    try:
        _step(console, "Preparing the models (once)", [*LONGREEL, "doctor", "--prepare"])
        video = own or _sample(console)
        _step(console, "Ingesting the video", [*LONGREEL, "ingest", video])
        if questions:
            _ask(console, video, questions)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    console.print(f"\nDone in {time.monotonic() - started:.0f} s. Ask it yourself:", highlight=False)
    console.print(
        f'  {Path(sys.executable).parent}/longreel ask "{video}" "your question"', highlight=False, soft_wrap=True
    )
    console.print("or on the web page: [bold]make serve[/], then open http://127.0.0.1:7860", highlight=False)
    return 0


def _step(console: Console, title: str, command: Sequence[str]) -> None:
    console.rule(title, align="left")
    subprocess.run(command, check=True)


def _sample(console: Console) -> str:
    console.rule("Making a narrated sample of about a minute (once)", align="left")
    command = [*SAMPLE, "--script", str(SHORT), "--minutes", str(SHORT_MINUTES)]
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.strip().splitlines()[-1]


def _ask(console: Console, video: str, questions: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="longreel-demo-") as folder:
        path = Path(folder) / "questions.jsonl"
        path.write_text("".join(json.dumps({"question": text}) + "\n" for text in questions), encoding="utf-8")
        command = [*LONGREEL, "ask", video, "--questions", str(path), "--stream"]
        _step(console, f"Asking {len(questions)} question{'s' if len(questions) > 1 else ''}", command)


if __name__ == "__main__":
    sys.exit(main())
