"""The commands that answer questions: one question, a file of them, or a conversation."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.api.schemas import AnswerOut, problem_of
from app.commands.start import CollectionOption, JsonOption, interruptible, open_longreel
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.events import EVENT, Answered, Delta, Event, Warned
from app.core.settings import Agent
from app.core.types import Video
from app.services.batches import read_text
from app.terminal import consoles, show_answer, show_step

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.db.threads import Thread

NEW = "new"
"""The name that stands for a new conversation."""
LEAVE = ("", "exit", "quit", "bye")


@dataclass(frozen=True)
class QuestionScope:
    """A question, and the names of the videos it is about."""

    videos: list[str]
    text: str
    options: list[str]


@dataclass(frozen=True)
class Asking:
    """How questions are asked and their answers are shown."""

    longreel: Services
    cancelled: Callable[[], bool]
    stream: bool = False
    as_json: bool = False
    many: bool = False
    run: str = ""
    """The name under which an interrupted answer resumes."""
    limits: Agent | None = None
    """Settings for these answers, instead of the agent's own."""

    @property
    def out(self) -> Console:
        """The console for results."""
        return consoles()[0]

    def thread(self, name: str | None, videos: Sequence[str]) -> Thread | None:
        """The conversation of that name, or a new one, whose id is printed. Raises NotFound."""
        threads = self.longreel.ask.threads
        if not name:
            return None
        if name != NEW:
            return threads.find(name)
        thread = threads.start([self.longreel.library.find(video) for video in videos])
        consoles()[1].print(f"conversation {thread.id[:12]}")
        return thread

    def ask(self, question: QuestionScope, thread: Thread | None = None) -> None:
        """Asks a question and shows the answer. Among many questions an error is shown and does not stop the others."""
        try:
            videos = [self.longreel.library.find(name) for name in question.videos]
            if self.many and not self.as_json:
                self.out.print(f"[bold blue]? {escape(question.text)}[/]")
            answer = AnswerOut.from_events(list(self._steps(question, videos, thread)))
        except LongreelError as error:
            if not self.many or isinstance(error, Cancelled):
                raise
            self._failed(question, error)
            return
        if self.as_json:
            self.out.print(answer.model_dump_json(), soft_wrap=True, markup=False)
        else:
            titles: dict[str, tuple[str, str]] = {
                video.id: (video.title, video.path) for video in videos or self.longreel.library.videos()
            }
            show_answer(self.out, answer, titles)

    def _steps(self, question: QuestionScope, videos: list[Video], thread: Thread | None) -> Iterator[Event]:
        events = self.longreel.ask.stream(
            question.text,
            videos,
            options=question.options,
            thread=thread,
            run_id=self.run,
            limits=self.limits,
            cancelled=self.cancelled,
        )
        for event in events:
            if self.stream and self.as_json and not isinstance(event, Answered | Delta):
                self.out.print(json.dumps(EVENT.dump_python(event, mode="json")), soft_wrap=True, markup=False)
            elif self.stream or (isinstance(event, Warned) and not self.as_json):
                show_step(consoles()[1], event)
            yield event

    def _failed(self, question: QuestionScope, error: LongreelError) -> None:
        problem = {"question": question.text, "error": problem_of(error).model_dump(mode="json")}
        if self.as_json:
            self.out.print(json.dumps(problem), soft_wrap=True, markup=False)
        else:
            consoles()[1].print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)


ThreadOption = Annotated[
    str | None,
    typer.Option(help='Conversation: "last", "new", or its id. A question may refer back to it: "and after that?".'),
]
StreamOption = Annotated[bool, typer.Option("--stream", help="Show the agent's steps as they happen.")]


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Videos (id, beginning of an id, path or title; all if none are given), then the question.",
            metavar='[VIDEO]... "QUESTION"',
        ),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="One choice of a multiple-choice question; repeat.")] = None,
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
    longreel = open_longreel()
    collected = [video.id for video in longreel.library.scope((), collection)]
    about = (names if questions else names[:-1]) + collected
    scopes = _questions(questions, about) if questions else [QuestionScope(about, names[-1], option or [])]
    with interruptible() as cancelled:
        limits = {"max_steps": max_steps, "max_seconds": max_seconds}
        changes = {name: value for name, value in limits.items() if value is not None}
        agent = longreel.settings.agent.model_copy(update=changes)
        asking = Asking(longreel, cancelled, stream, as_json, many=questions is not None, run=run, limits=agent)
        conversation = asking.thread(thread, scopes[0].videos if scopes else ())
        for question in scopes:
            asking.ask(question, conversation)


def chat(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Videos (id, beginning of an id, path or title; all if none are given).")
    ] = None,
    thread: ThreadOption = NEW,
    stream: StreamOption = False,
) -> None:
    """Ask one question after another; each may refer back to earlier ones. An empty line ends the chat.

    Example: longreel chat talk.mp4
    """
    with interruptible() as cancelled:
        asking = Asking(open_longreel(), cancelled, stream, many=True)
        conversation = asking.thread(thread, videos or ())
        for line in _lines(asking.out):
            asking.ask(QuestionScope([], line, []), conversation)


def _lines(out: Console) -> Iterator[str]:
    """The lines that a person types, until an empty line or the end of the input."""
    while True:
        if sys.stdin.isatty():
            out.print("[bold blue]>[/] ", end="")
        line = sys.stdin.readline().strip()
        if line.lower() in LEAVE:
            return
        yield line


def _questions(path: Path, videos: list[str]) -> list[QuestionScope]:
    """The questions of a file of JSON lines. Raises BadInput with the line's number."""
    questions = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            names = [str(item["video"])] if item.get("video") else videos
            questions.append(QuestionScope(names, str(item["question"]), [str(o) for o in item.get("options") or []]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            hint = 'Each line needs an object like {"question": "...", "options": [...], "video": "..."}.'
            raise BadInput(f"{path}, line {number} is not a question.", hint) from error
    return questions
