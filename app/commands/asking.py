"""The command that asks: one question, or a file of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.api.schemas import AnswerOut, problem_of
from app.commands.start import JsonOption, interruptible, open_longreel
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.events import EVENT, Answered, Event
from app.core.types import Video
from app.terminal import consoles, show_answer, show_step

if TYPE_CHECKING:
    from app.bootstrap import Longreel


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Videos (id, beginning of an id, path or title; none means all), then the question.",
            metavar='[VIDEO]... "QUESTION"',
        ),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="One choice of a multiple-choice question; repeat.")] = None,
    questions: Annotated[
        Path | None, typer.Option(help="File of JSON lines with question, options and video; answers them all.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Show the steps as they happen.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with the moments that prove it.

    Example: longreel ask talk.mp4 "When does she mention the budget?"
    """
    names = list(words or [])
    if questions is None and not names:
        raise typer.BadParameter("give a question, or a file with --questions")
    asked = _questions(questions, names) if questions else [(names[:-1], names[-1], option or [])]
    out, err = consoles()
    longreel = open_longreel()
    with interruptible() as cancelled:
        for videos, question, options in asked:
            _ask_one(longreel, out, err, (videos, question, options), stream, as_json, questions is not None, cancelled)


def _questions(path: Path, videos: list[str]) -> list[tuple[list[str], str, list[str]]]:
    """The questions of a file of JSON lines. Raises BadInput with the line's number."""
    asked = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            named = [str(item["video"])] if item.get("video") else videos
            asked.append((named, str(item["question"]), [str(o) for o in item.get("options") or []]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            hint = 'Each line needs an object like {"question": "...", "options": [...], "video": "..."}.'
            raise BadInput(f"{path}, line {number} is not a question.", hint) from error
    return asked


def _ask_one(
    longreel: Longreel,
    out: Console,
    err: Console,
    asked: tuple[list[str], str, list[str]],
    stream: bool,
    as_json: bool,
    many: bool,
    cancelled: Callable[[], bool],
) -> None:
    names, question, options = asked
    events: list[Event] = []
    try:
        videos = [longreel.library.find(name) for name in names]
        if many and not as_json:
            out.print(f"[bold blue]? {escape(question)}[/]")
        for event in longreel.ask.stream(question, videos, options=options, cancelled=cancelled):
            events.append(event)
            if stream and as_json and not isinstance(event, Answered):
                out.print(json.dumps(EVENT.dump_python(event, mode="json")), soft_wrap=True, markup=False)
            elif stream:
                show_step(err, event)
    except LongreelError as error:
        if not many or isinstance(error, Cancelled):
            raise
        problem = {"question": question, "error": problem_of(error).model_dump(mode="json")}
        if as_json:
            out.print(json.dumps(problem), soft_wrap=True, markup=False)
        else:
            err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
        return
    answer = AnswerOut.from_events(events)
    if as_json:
        out.print(answer.model_dump_json(), soft_wrap=True, markup=False)
    else:
        show_answer(out, answer, _titles(videos or longreel.library.videos()))


def _titles(videos: list[Video]) -> dict[str, tuple[str, str]]:
    return {video.id: (video.title, video.path) for video in videos}
