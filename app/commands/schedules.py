"""Commands about watched folders: watch one now, or have the server watch it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from app.commands.ingesting import ingest_one
from app.commands.start import JsonOption, interruptible, open_alone, open_longreel
from app.commands.summarizing import BatchRun
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.requests import IngestRequest, Length, Style, SummaryRequest
from app.db.schedules import FileState, Schedule
from app.services.batches import BatchRequest, Item, read_questions
from app.services.exports import FORMATS, named
from app.services.schedules import ScheduleSpec
from app.services.watching import SETTLE_S, look_into
from app.terminal import consoles

if TYPE_CHECKING:
    from app.bootstrap import Services

_EVERY = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

FolderArgument = Annotated[Path, typer.Argument(help="The folder; its subfolders are watched too.")]
NewOption = Annotated[str | None, typer.Option("--collection", help="Collection to add new videos to; created if new.")]
SummarizeOption = Annotated[bool, typer.Option("--summarize", help="Summarize new videos, as a batch.")]
LengthOption = Annotated[Length, typer.Option(help="Length of summaries.")]
StyleOption = Annotated[Style, typer.Option(help="Style of summaries.")]
LanguageOption = Annotated[str | None, typer.Option(help="Language of summaries, such as en; default: the video's.")]
QuestionsOption = Annotated[
    Path | None, typer.Option(help="With --summarize: file of questions to ask every new video, one per line.")
]
FormatOption = Annotated[str, typer.Option(help=f"With --summarize, separated by commas: {', '.join(FORMATS)}.")]
ScheduleArgument = Annotated[str, typer.Argument(help="Id, beginning of an id, or folder.")]

app = typer.Typer(help="Folders that a running server checks for new videos at set times.", no_args_is_help=True)


def watch(
    folder: FolderArgument,
    collection: NewOption = None,
    summarize: SummarizeOption = False,
    length: LengthOption = Length.PARAGRAPH,
    style: StyleOption = Style.NEUTRAL,
    language: LanguageOption = None,
    questions: QuestionsOption = None,
    out: Annotated[Path | None, typer.Option(help="With --summarize: folder for one file per video.")] = None,
    format: FormatOption = "md,json",
    every: Annotated[str, typer.Option(help="How often to check: 30s, 10m, 1h.")] = "30s",
    once: Annotated[bool, typer.Option("--once", help="Stop when everything in the folder has been ingested.")] = False,
) -> None:
    """Ingest the videos in a folder, and new ones as they arrive, until Ctrl-C. Needs no server.

    A file that is still being written has to wait. To have a running server do it: longreel schedule add
    """
    pause_s = seconds_of(every)
    summary = _summary(summarize, length, style, language, questions, format)
    with interruptible() as cancelled:
        watcher = _Watcher(
            open_alone("longreel watch"), folder, (collection,) if collection else (), summary, out, cancelled
        )
        try:
            while not cancelled():
                waiting = watcher.look()
                if once and not waiting:
                    return
                look_at = time.monotonic() + (SETTLE_S if waiting else pause_s)
                while not cancelled() and (left_s := look_at - time.monotonic()) > 0:
                    time.sleep(min(0.2, left_s))
        except Cancelled:
            consoles()[1].print("Stopped; finished videos stay in the library.")


@dataclass
class _Watcher:
    """A folder that this process watches itself."""

    longreel: Services
    folder: Path
    tags: tuple[str, ...]
    summary: BatchRequest | None
    out: Path | None
    cancelled: Callable[[], bool]

    def __post_init__(self) -> None:
        self._looks: dict[str, FileState] = {}

    def look(self) -> int:
        """Ingests new files; returns how many may still be written. Raises Cancelled; BadInput without the folder."""
        seen = look_into(self.folder, self._looks, self.longreel.library.deleted_files(), time.time())
        self._looks |= seen.looks
        if self.summary is None:
            err = consoles()[1]
            for path in seen.new:
                err.print(f"[bold]{escape(str(path))}[/]")
                try:
                    ingest_one(self.longreel, err, IngestRequest(path, tags=tuple(self.tags)), self.cancelled)
                except Cancelled:
                    raise
                except LongreelError as error:
                    err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
        elif seen.new:
            request = replace(self.summary, items=tuple(Item(str(path), tags=self.tags) for path in seen.new))
            batch = BatchRun(self.longreel, request, self.out, consoles()[1], self.cancelled)
            batch.run()
            batch.finish(consoles()[0], False)
        return seen.waiting


@app.command()
def add(
    folder: FolderArgument,
    cron: Annotated[str | None, typer.Option(help='When: "30 2 * * *" is half past two at night.')] = None,
    every: Annotated[str | None, typer.Option(help="How often, instead of --cron: 30s, 10m, 6h, 1d.")] = None,
    collection: NewOption = None,
    summarize: SummarizeOption = False,
    length: LengthOption = Length.PARAGRAPH,
    style: StyleOption = Style.NEUTRAL,
    language: LanguageOption = None,
    questions: QuestionsOption = None,
    format: FormatOption = "md,json",
    as_json: JsonOption = False,
) -> None:
    """Have the server ingest new videos in a folder at set times.

    Example: longreel schedule add /data/talks --cron "30 2 * * *" --collection Talks --summarize
    """
    every_s = seconds_of(every) if every else None
    summary = _summary(summarize, length, style, language, questions, format)
    schedules = open_longreel().schedules
    schedule = schedules.add(ScheduleSpec(str(folder), cron, every_s, collection, summary))
    if as_json:
        consoles()[0].print_json(data=_data(schedule))
    else:
        consoles()[0].print(f"{schedule.id[:12]}  {_when(schedule)}, next {_local(schedule.next_at)}")


@app.command(name="list")
def list_schedules(as_json: JsonOption = False) -> None:
    """List the schedules, when each is due, and the result of its last check."""
    out, _ = consoles()
    schedules = open_longreel().schedules.all()
    if as_json:
        out.print_json(data=[_data(one) for one in schedules])
        return
    if not schedules:
        out.print("There are no schedules. Create one with: longreel schedule add FOLDER --every 1h")
        return
    table = Table("id", "folder", "when", "next", "last", box=None)
    for one in schedules:
        due = "paused" if one.paused else _local(one.next_at)
        outcome = one.outcome or {}
        last = f"{outcome.get('new', 0)} new, {outcome.get('waiting', 0)} waiting" if outcome else "-"
        if "error" in outcome:
            last = str(outcome["error"]["message"])
        table.add_row(one.id[:12], escape(one.folder), _when(one), due, escape(last))
    out.print(table)


@app.command()
def pause(schedule: ScheduleArgument) -> None:
    """Pause a schedule until it is resumed."""
    _set_paused(schedule, True)


@app.command()
def resume(schedule: ScheduleArgument) -> None:
    """Resume a paused schedule."""
    _set_paused(schedule, False)


@app.command()
def run(schedule: ScheduleArgument) -> None:
    """Have the server check the folder now."""
    schedules = open_longreel().schedules
    schedules.hasten(schedules.find(schedule).id)
    consoles()[1].print("A running server will check it within seconds.")


@app.command()
def remove(schedule: ScheduleArgument) -> None:
    """Delete a schedule; its videos stay."""
    schedules = open_longreel().schedules
    match = schedules.find(schedule)
    schedules.remove(match.id)
    consoles()[1].print(f"{escape(match.folder)} is no longer watched.")


def seconds_of(text: str) -> float:
    """The seconds in "90", "30s", "10m", "6h" or "1d". Raises BadInput."""
    match = _EVERY.fullmatch(text.strip().lower())
    if match is None or not float(match[1]):
        raise BadInput(f"{text} is not an interval.", "Write 30s, 10m, 6h or 1d.")
    return float(match[1]) * _SECONDS[match[2]]


def _summary(
    summarize: bool, length: Length, style: Style, language: str | None, questions: Path | None, format: str
) -> BatchRequest | None:
    if not summarize:
        return None
    texts = tuple(read_questions(questions)) if questions else ()
    formats = tuple(named([name.strip() for name in format.split(",") if name.strip()]))
    return BatchRequest((), texts, SummaryRequest(length, style, language), formats)


def _set_paused(name: str, paused: bool) -> None:
    schedules = open_longreel().schedules
    schedule = schedules.find(name)
    changed = schedules.change(schedule.id, replace(schedules.plan(schedule), paused=paused))
    state = "is paused" if paused else f"will be checked next at {_local(changed.next_at)}"
    consoles()[1].print(f"{escape(schedule.folder)} {state}.")


def _when(schedule: Schedule) -> str:
    if schedule.cron is not None:
        return schedule.cron
    seconds = schedule.every_s or 0.0
    size, unit = next((size, unit) for unit, size in reversed(_SECONDS.items()) if seconds >= size)
    return f"every {seconds / size:g}{unit}"


def _local(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _data(schedule: Schedule) -> dict[str, Any]:
    names = ("id", "folder", "cron", "every_s", "paused", "created_at", "next_at", "last_at", "outcome")
    return {name: getattr(schedule, name) for name in names}
