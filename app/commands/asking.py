"""The commands that answer questions: one question, a file of them, or a conversation."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.api.schemas import AnswerOut, problem_of
from app.commands.questions import NEW, Answering, AtServer, Here
from app.commands.start import CollectionOption, JsonOption, interruptible, open_alone, running_longreel
from app.core.errors import BadInput, Cancelled, LongreelError, WorkerFailed
from app.core.events import EVENT, Answered, Delta, Warned
from app.core.requests import AskRequest, DrawnBox
from app.core.text_files import read_text
from app.core.timecode import parse_clock
from app.terminal import consoles, show_answer, show_step

LEAVE = ("", "exit", "quit", "bye")


@dataclass(frozen=True)
class Asking:
    """How questions are asked and their answers are shown."""

    answering: Answering
    stream: bool = False
    as_json: bool = False
    many: bool = False

    @property
    def out(self) -> Console:
        """The console for results."""
        return consoles()[0]

    def thread(self, name: str | None, videos: Sequence[str]) -> str | None:
        """The id of the conversation of that name, or of a new one, which is printed. Raises NotFound."""
        thread, is_new = self.answering.thread(name, videos)
        if thread and is_new:
            consoles()[1].print(f"conversation {thread[:12]}")
        return thread

    def ask(self, question: str, **details: Any) -> None:
        """Asks a question, an `AskRequest` with these details, and shows the answer.

        Among many questions an error is shown and does not stop the others.
        """
        try:
            if self.many and not self.as_json:
                self.out.print(f"[bold blue]? {escape(question)}[/]")
            answer = self._answer(AskRequest(question, **details))
        except LongreelError as error:
            if not self.many or isinstance(error, Cancelled):
                raise
            problem = {"question": question, "error": problem_of(error).model_dump(mode="json")}
            if self.as_json:
                self.out.print(json.dumps(problem), soft_wrap=True, markup=False)
            else:
                consoles()[1].print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
            return
        if self.as_json:
            self.out.print(answer.model_dump_json(), soft_wrap=True, markup=False)
        else:
            show_answer(self.out, answer, self.answering.titles())

    def _answer(self, request: AskRequest) -> AnswerOut:
        """The answer; shows the steps on the way, or only warnings."""
        for step in self.answering.steps(request):
            if isinstance(step, AnswerOut):
                return step
            if self.stream and self.as_json and not isinstance(step, Answered | Delta):
                self.out.print(json.dumps(EVENT.dump_python(step, mode="json")), soft_wrap=True, markup=False)
            elif self.stream or (isinstance(step, Warned) and not self.as_json):
                show_step(consoles()[1], step)
        raise WorkerFailed("The question ended without an answer.", "Ask again.")


ThreadOption = Annotated[
    str | None,
    typer.Option(help='Conversation: "last", "new", or its id. A question may refer back to it: "and after that?".'),
]
StreamOption = Annotated[bool, typer.Option("--stream", help="Show the agent's steps as they happen.")]


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Videos (id, path, title or a part of it; all if none are given), then the question.",
            metavar='[VIDEO]... "QUESTION"',
        ),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="One option of a multiple-choice question; can be repeated.")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(help="JSON lines file with question, options and video; answers every line.")
    ] = None,
    collection: CollectionOption = None,
    thread: ThreadOption = None,
    run: Annotated[
        str, typer.Option(help="A name of your choice. Ask again under it, and an interrupted answer resumes.")
    ] = "",
    max_steps: Annotated[
        int | None, typer.Option(min=1, max=64, help="Turns in which the model uses tools; default: the setting.")
    ] = None,
    max_seconds: Annotated[float | None, typer.Option(min=1, help="Time limit; default: the setting.")] = None,
    box: Annotated[
        str,
        typer.Option(
            help="The part of the picture that the question is about: left, top, width and height in percent, and "
            "when, such as 10,20,30,40@0:12 or 10,20,30,40@0:12-0:15.",
            metavar="X,Y,W,H@TIME",
        ),
    ] = "",
    stream: StreamOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with the moments of the video that prove it.

    Example: longreel ask talk.mp4 "When does she mention the budget?"
    """
    names = list(words or [])
    if questions is None and not names:
        raise typer.BadParameter("give a question, or a file of them with --questions")
    if questions is not None and run:
        raise typer.BadParameter("--run works with one question only")
    if questions:
        listed = _questions(questions, tuple(names))
    else:
        listed = [{"question": names[-1], "videos": tuple(names[:-1]), "options": tuple(option or ())}]
    common: dict[str, Any] = {"run": run, "max_steps": max_steps, "max_seconds": max_seconds}
    common |= {"collection": collection or "", "box": read_box(box) if box else None}
    with interruptible() as cancelled:
        asking = Asking(_answering("longreel ask", cancelled), stream, as_json, many=questions is not None)
        conversation = asking.thread(thread, listed[0]["videos"] if listed else ())
        for details in listed:
            asking.ask(**details, **common, thread=conversation or "")


def read_box(text: str) -> DrawnBox:
    """The box that was written as left, top, width and height in percent, and a time or a span. Raises BadInput."""
    sides, _, when = text.partition("@")
    numbers = [parse_clock(side.strip().removesuffix("%")) for side in sides.split(",")]
    times = [parse_clock(time) for time in when.split("-")]
    if len(numbers) != 4 or len(times) > 2 or None in numbers or None in times:
        hint = "Write left, top, width and height in percent, then a time, such as 10,20,30,40@0:12."
        raise BadInput(f"'{text}' is no box.", hint)
    x, y, width, height = (number / 100 for number in numbers if number is not None)
    start_s, *end_s = (time for time in times if time is not None)
    return DrawnBox(x, y, width, height, start_s, *end_s)


def chat(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Videos (id, path, title or a part of it; all if none are given).")
    ] = None,
    thread: ThreadOption = NEW,
    stream: StreamOption = False,
) -> None:
    """Ask one question after another; each may refer back to earlier ones. An empty line ends the chat.

    Example: longreel chat talk.mp4
    """
    with interruptible() as cancelled:
        asking = Asking(_answering("longreel chat", cancelled), stream, many=True)
        conversation = asking.thread(thread, videos or ())
        while True:
            if sys.stdin.isatty():
                asking.out.print("[bold blue]>[/] ", end="")
            line = sys.stdin.readline().strip()
            if line.lower() in LEAVE:
                return
            asking.ask(line, thread=conversation or "")


def _answering(command: str, cancelled: Callable[[], bool]) -> Answering:
    """The running server of this library if there is one, else this process."""
    server = running_longreel()
    return AtServer(server, cancelled) if server else Here(open_alone(command), cancelled)


def _questions(path: Path, videos: tuple[str, ...]) -> list[dict[str, Any]]:
    """Details of an `AskRequest` for each line of a file of JSON lines. Raises BadInput with the line's number."""
    questions: list[dict[str, Any]] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            names = (str(item["video"]),) if item.get("video") else videos
            options = tuple(str(option) for option in item.get("options") or ())
            questions.append({"question": str(item["question"]), "videos": names, "options": options})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            hint = 'Each line needs an object like {"question": "...", "options": [...], "video": "..."}.'
            raise BadInput(f"{path}, line {number} is not a question.", hint) from error
    return questions
