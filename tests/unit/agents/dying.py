"""Asks a question in a run that is stored, and dies in the middle: python -m tests.unit.agents.dying FILE NODE.

It kills its own process without warning when the model is asked for its second turn ("think") or when a tool searches
("use"); the events until then are printed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from agents.agent import VideoAgent
from agents.checkpoints import Checkpoints
from gpu_workers.language.fakes import FakeChat
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import DRIVES, Desk, calls

QUESTION = "How much does the bicycle bridge cost?"
RUN = "run-1"
SEARCH = calls(("search", {"queries": ["bridge cost"]}))


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def main(file: Path, node: str) -> None:
    """Asks, and dies."""
    desk = Desk(MEETING, SLIDES, chat=FakeChat([SEARCH], rule=die, capabilities=DRIVES))
    if node == "use":
        desk.retriever.search = die  # type: ignore[method-assign]
    for event in VideoAgent(desk.parts, checkpoints=Checkpoints(file)).ask(QUESTION, [desk.video], run_id=RUN):
        sys.stdout.write(f"{event.type}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
