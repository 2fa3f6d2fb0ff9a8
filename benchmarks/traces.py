"""How hard questions are answered, step by step, as a user sees it: writes docs/traces.md.

    python -m benchmarks.traces [--out docs/traces.md]

It makes the sample of twelve minutes and reads it unless the library has it, adds a short radio bulletin as a second
video (subtitles without pictures), and asks six kinds of questions: see `HARD`.
"""

from __future__ import annotations

import argparse
import io
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from app.api.schemas import AnswerOut
from app.bootstrap import build
from app.core.events import Event
from app.core.requests import AskRequest
from app.core.settings import Settings, load_settings
from app.core.types import Video
from app.terminal import show_answer, show_step
from benchmarks.cli_runner import LONGREEL, SAMPLE

if TYPE_CHECKING:
    from app.bootstrap import Services

PAGE = Path(__file__).parents[1] / "docs" / "traces.md"
SECOND = Path(__file__).with_name("harbour_radio.srt")
WIDTH = 110


@dataclass(frozen=True, slots=True)
class Hard:
    """Questions of one conversation, and what is hard about them."""

    title: str
    why: str
    questions: tuple[str, ...]
    both: bool = False
    """Whether they are asked of both videos."""


HARD = (
    Hard(
        "Two parts",
        "Each part needs its own evidence. Both are said, minutes apart.",
        ("Who repaired the pump, and who noticed the comet first?",),
    ),
    Hard(
        "Another language",
        "The video is in English.",
        ("Womit wurde die Pumpe repariert?", "彗星是谁发现的"),
    ),
    Hard(
        "Another source",
        "Two videos are searched; the answer is a sentence in one of them.",
        ("Which of the two videos says how much herring was caught?",),
        both=True,
    ),
    Hard(
        "Only visible",
        "It is neither said nor written: it takes a model that can see.",
        ("What colour is the background of the slide about the people?",),
    ),
    Hard(
        "Not in the video",
        "The comet and the sea are both in the video, but the comet never falls into the sea.",
        ("Why did the comet fall into the sea?",),
    ),
    Hard(
        "Follow-ups",
        "The second question refers back to the first.",
        ("Who noticed the smudge?", "And what was she checking?"),
    ),
)


def main() -> None:
    """Ingests the videos if needed, asks the questions, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--sample", help="the path of an existing sample")
    options = parser.parse_args()
    sample = options.sample or _printed(SAMPLE)
    for command in (["ingest", sample], ["import", str(SECOND)]):
        subprocess.run([*LONGREEL, *command], check=True)
    settings = load_settings()
    longreel = build(settings)
    videos = [longreel.library.find(sample), longreel.library.find(SECOND.stem)]
    options.out.write_text("\n".join(_page(longreel, settings, videos)), encoding="utf-8")
    Console().print(f"Written: {options.out}")


def _printed(command: Sequence[str]) -> str:
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.strip().splitlines()[-1]


def _page(longreel: Services, settings: Settings, videos: Sequence[Video]) -> Iterator[str]:
    yield "<!-- Made by `python -m benchmarks.traces`. Do not edit. -->\n"
    yield "# Six kinds of questions, step by step\n"
    yield (
        f"As `longreel ask --stream` shows them, in the profile `{settings.profile}`, over the narrated sample"
        f' "{videos[0].title}" and a radio bulletin of a minute, "{videos[1].title}". The times are those of the'
        " machine that wrote this page.\n"
    )
    for number, hard in enumerate(HARD, 1):
        yield f"## {number}. {hard.title}\n"
        yield f"{hard.why}\n"
        thread = longreel.ask.threads.start(videos if hard.both else videos[:1], hard.title)
        for question in hard.questions:
            steps = list(longreel.ask.stream(AskRequest(question, thread=thread.id)))
            yield f"**{question}**\n\n```text\n{_shown(steps, videos)}\n```\n"
        longreel.ask.threads.delete(thread)


def _shown(steps: Sequence[Event], videos: Sequence[Video]) -> str:
    """What a terminal without colours shows of the steps and the answer."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, highlight=False, color_system=None)
    for step in steps:
        show_step(console, step)
    show_answer(console, AnswerOut.from_events(steps), {video.id: (video.title, video.path) for video in videos})
    return "\n".join(line.rstrip() for line in text.getvalue().strip("\n").splitlines())


if __name__ == "__main__":
    main()
