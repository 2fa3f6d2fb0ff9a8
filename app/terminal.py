"""The output of the command line: progress bars, agent steps, answers. Text for people goes through here."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self
from urllib.parse import quote as quote_url

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app.api.schemas import AnswerOut
from app.core.describe import describe, explain_status
from app.core.events import (
    Answered,
    Delta,
    Event,
    IngestFinished,
    Searched,
    StageFinished,
    StageProgress,
    StageStarted,
    ToolStarted,
    Warned,
)
from app.core.timecode import clock, span_clock
from app.core.types import AnswerStatus, TimeSpan

STATUS = {
    AnswerStatus.ANSWERED: "[green]answered[/]",
    AnswerStatus.NOT_IN_VIDEO: "[yellow]the video does not say[/]",
    AnswerStatus.INSUFFICIENT: "[red]could not be decided[/]",
}


class Tenths:
    """Says when a task has passed another tenth, so that it writes at most ten lines where no bar can be drawn."""

    def __init__(self) -> None:
        self._reported: dict[str, int] = {}

    def begin(self, task: str) -> None:
        """Starts a task again from nothing."""
        self._reported[task] = 0

    def passed(self, task: str, done: float, total: float) -> str:
        """The share to write, such as " 30%"; "" if there is nothing new. The caller writes 100 % when all is done."""
        tenth = int(10 * done / total) if total else 0
        if not self._reported.get(task, 0) < tenth < 10:
            return ""
        self._reported[task] = tenth
        return f"{tenth / 10:4.0%}"


class IngestDisplay:
    """Listens to ingest and shows its stages: bars on a terminal, lines elsewhere."""

    finished: IngestFinished | None = None
    """The event that a video is ready, once it arrived."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._tenths = Tenths()
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(30),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Shows one event; called from several threads."""
        with self._lock:
            if isinstance(event, StageStarted):
                self._tasks[event.stage] = self._bars.add_task(
                    event.stage, total=event.total or 1, completed=int(event.done), note=""
                )
                self._tenths.begin(event.stage)
            elif isinstance(event, StageProgress):
                amount = f"{event.done:.0f}/{event.total:.0f}" if event.total else f"{event.done:.0f}"
                pace = f"{event.speed:.1f}x" if event.speed else f"{amount} {event.unit}"
                note = f"{pace}  {clock(event.left_s)} left" if event.left_s is not None else pace
                if event.stage in self._tasks:
                    self._bars.update(self._tasks[event.stage], completed=event.done, note=note)
                in_lines = not self._console.is_terminal
                if in_lines and (share := self._tenths.passed(event.stage, event.done, event.total)):
                    self._console.print(f"  {event.stage:<12} {share}  {note}")
            elif isinstance(event, StageFinished):
                task = self._tasks.pop(event.stage, None)
                if task is not None:
                    self._bars.remove_task(task)
                took = "re-used" if event.reused else f"{event.seconds:.1f} s"
                whole = "" if self._console.is_terminal else "100%  "
                self._console.print(f"  {event.stage:<12} {whole}{took:>9}  {escape(event.detail)}")
            elif isinstance(event, Warned):
                self._console.print(f"[yellow]note[/] {escape(event.message)}")
            elif isinstance(event, IngestFinished):
                self.finished = event
                speed = event.duration_s / max(event.seconds, 1e-3)
                took = f"ingested in {clock(event.seconds)} ({speed:.1f}x real time)"
                note = "already ingested, nothing to do" if event.reused else took
                self._console.print(f"[green]ready[/] {escape(event.title)} ({clock(event.duration_s)}): {note}")
                self._console.print(f"      id {event.video_id[:12]}")


def show_step(console: Console, event: Event) -> None:
    """Shows one step of the agent in one or a few lines; leaves out tool starts and pieces of text."""
    if isinstance(event, ToolStarted | Delta | Answered):
        return
    lines = [describe(event)]
    if isinstance(event, Searched):
        lines += [f"  {span_clock(hit.span)} {hit.kind}: {shortened(hit.text)}" for hit in event.hits[:3]]
    for line in lines:
        console.print(f"[dim]  {escape(line)}[/]", soft_wrap=True)


def shortened(text: str, length: int = 90) -> str:
    """The text in one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3] + "..."


def show_answer(console: Console, answer: AnswerOut, titles: dict[str, tuple[str, str]]) -> None:
    """Shows an answer and its citations. `titles`: video id to (title, path)."""
    if answer.understood:
        console.print(f"\n[dim]understood as: {escape(answer.understood)}[/]", soft_wrap=True)
    console.print(f"\n[bold]{escape(answer.text)}[/]")
    sure = "" if answer.confidence is None else f", confidence {answer.confidence:.2f}"
    console.print(f"{STATUS[answer.status]}{sure}, {answer.usage.seconds:.1f} s")
    note = explain_status(answer.status, answer.searched, answer.missing)
    if note:
        console.print(escape(note), soft_wrap=True)
    for number, citation in enumerate(answer.citations, 1):
        title, path = titles.get(citation.video_id, (citation.video_id[:12], ""))
        times = span_clock(TimeSpan(citation.start_s, citation.end_s))
        place = f"file://{quote_url(path, errors='replace')}#t={citation.start_s:.1f}"  # brackets would end the link
        link = f"[link={place}][cyan underline]{times}[/][/link]" if path else times
        mark = "[green]verified[/]" if citation.verified else "[yellow]not verified[/]"
        quote = escape(shortened(citation.quote, 160))
        console.print(f'  [{number}] {link} {escape(title)}, {citation.kind}: "{quote}" {mark}', soft_wrap=True)
    console.print()


def consoles() -> tuple[Console, Console]:
    """One for results (standard output) and one for everything else (standard error)."""
    return Console(file=sys.stdout, highlight=False), Console(file=sys.stderr, highlight=False)
