"""Commands that write files: summarize (many videos at once), export, clip."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.api.schemas import problem_of
from app.commands.batch_at_server import ServerBatch, show_files
from app.commands.batch_table import BatchTable, show_cost
from app.commands.start import (
    CollectionOption,
    JsonOption,
    interruptible,
    open_alone,
    open_longreel,
    running_longreel,
)
from app.core.errors import BadInput, Cancelled, LongreelError
from app.core.paths import is_folder, path_of
from app.core.permissions import usual_permissions
from app.core.requests import Length, Style, SummaryRequest
from app.core.timecode import clock, span_clock
from app.core.types import TimeSpan, VideoId
from app.services.batch_jobs import overview_files
from app.services.batches import (
    BatchRequest,
    Done,
    Item,
    check,
    folder_items,
    manifest_items,
    read_questions,
)
from app.services.exports import FORMATS, exported, file_stem, link_from, named
from app.services.exports.overview import Entry, Failure, overview_record
from app.services.exports.records import document
from app.services.files import write_file
from app.services.summarize import Section
from app.terminal import consoles

if TYPE_CHECKING:
    from app.bootstrap import Services

_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


def summarize(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Files, or videos of the library (id, title).", metavar="[VIDEO]...")
    ] = None,
    collection: CollectionOption = None,
    folder: Annotated[Path | None, typer.Option(help="All videos in this folder and its subfolders.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="CSV with the columns video, title, language, subtitles.")
    ] = None,
    length: Annotated[Length, typer.Option(help="Length of the summary.")] = Length.PARAGRAPH,
    style: Annotated[Style, typer.Option(help="Style of the summary.")] = Style.NEUTRAL,
    language: Annotated[str | None, typer.Option(help="Its language, such as en; default: the video's.")] = None,
    questions: Annotated[Path | None, typer.Option(help="File of questions to ask every video, one per line.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for one file per video and an overview.")] = None,
    format: Annotated[str, typer.Option(help=f"With --out, separated by commas: {', '.join(FORMATS)}.")] = "md,json",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the estimate and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ingest new videos, summarize them, and ask each the same questions. A second run re-uses everything.

    Example: longreel summarize --folder talks --questions questions.txt --out summaries --format md,html
    """
    out_console, err = consoles()
    items = [Item(name) for name in videos or []]
    server = running_longreel()
    longreel = open_longreel() if server else open_alone("longreel summarize")
    items += [Item(video.id, video.title) for video in longreel.library.scope((), collection)]
    items += folder_items(folder, lambda warning: err.print(escape(warning), soft_wrap=True)) if folder else []
    items += manifest_items(manifest) if manifest else []
    texts = tuple(read_questions(questions)) if questions else ()
    formats = tuple(named([name.strip() for name in format.split(",") if name.strip()]))
    request = BatchRequest(tuple(dict.fromkeys(items)), texts, SummaryRequest(length, style, language), formats)
    check(request)
    cost = longreel.batches.cost(request)
    show_cost(err, cost)
    if dry_run:
        return
    failed: Sequence[tuple[object, LongreelError]]
    with interruptible() as cancelled:
        if server:
            distant = ServerBatch(server, request, err, cancelled)
            show_files(distant.run(), distant, request, out, out_console, as_json)
            failed = distant.failed
        else:
            batch = BatchRun(longreel, request, out, err, cancelled)
            batch.run()
            batch.finish(out_console, as_json)
            failed = batch.failed
    if failed:
        raise typer.Exit(failed[0][1].exit_code)


class BatchRun:
    """One run of `longreel summarize`."""

    def __init__(
        self, longreel: Services, request: BatchRequest, out: Path | None, err: Console, cancelled: Callable[[], bool]
    ) -> None:
        self._longreel = longreel
        self._request = request
        self._out = out
        self._err = err
        self._cancelled = cancelled
        self._done: dict[str, Done] = {}
        self._entries: dict[str, Entry] = {}
        self.failed: list[tuple[Item, LongreelError]] = []

    def run(self) -> None:
        """Processes the videos one after the other; each is written as soon as it is finished."""
        with BatchTable(self._err, [item.title or Path(item.name).name for item in self._request.items]) as table:
            for number, item in enumerate(self._request.items):
                table.begin(number)
                try:
                    done = self._longreel.batches.one(
                        item, self._request, report=table.on_event, cancelled=self._cancelled, out=self._out
                    )
                    files = {}
                    if self._out:
                        for format, (name, content) in done.files(self._request.formats).items():
                            write_file(self._out / name, content)
                            files[format] = name
                    self._done[done.video.id] = done
                    self._entries[done.video.id] = done.entry(files)
                    table.end(number)
                except Cancelled:
                    raise
                except LongreelError as error:
                    self.failed.append((item, error))
                    table.fail(number, error)

    def finish(self, console: Console, as_json: bool) -> None:
        """Shows or writes the overview, and reports failures."""
        failures = [
            Failure(item.title or Path(item.name).name, error.code, error.message, error.hint)
            for item, error in self.failed
        ]
        entries = list(self._entries.values())
        videos = [done.video for done in self._done.values()]
        overview = None
        if self._out or as_json or len(videos) > 1:
            overview = self._longreel.batches.overview(videos, self._request, cancelled=self._cancelled)
        if self._out:
            for name, content in overview_files(overview, entries, failures, self._request.formats).items():
                write_file(self._out / name, content)
        if as_json:
            report: dict[str, Any] = {"videos": [document(done.material) for done in self._done.values()]}
            report["overview"] = overview_record(overview, entries, failures)
            report["failed"] = [
                {"video": item.name, **problem_of(error).model_dump(mode="json")} for item, error in self.failed
            ]
            console.print_json(data=report)
        elif self._out:
            console.print(str(self._out / "overview.md"), soft_wrap=True, markup=False)
        else:
            for done in self._done.values():
                _show(console, done)
            if overview is not None:
                console.print("\n[bold]Together[/]")
                _show_sections(console, overview.sections, {video.id: video.title for video in videos})
        for item, error in self.failed:
            self._err.print(f"[red]failed[/] {escape(item.name)}: {escape(str(error))}", soft_wrap=True)


def _show(console: Console, done: Done) -> None:
    video = done.video
    console.print(f"\n[bold]{escape(video.title)}[/]  {clock(video.duration_s)}")
    _show_sections(console, done.material.sections, {})
    for item in done.material.answers:
        console.print(f"[bold blue]? {escape(item.question)}[/]")
        times = ", ".join(dict.fromkeys(span_clock(one.span) for one in item.answer.citations))
        console.print(f"  {escape(item.answer.text)} [dim]{times}[/]", soft_wrap=True)


def _show_sections(console: Console, sections: Sequence[Section], titles: Mapping[VideoId, str]) -> None:
    """Prints sentences with their times, and with the video's title if titles are given."""
    for section in sections:
        if section.title:
            console.print(f"[cyan]{escape(section.title)}[/]")
        for point in section.points:
            cited = [f"{titles.get(one.video_id, '')} {span_clock(one.span)}".strip() for one in point.citations]
            label = f"[magenta]{point.label}[/] " if point.label else ""
            times = escape(", ".join(dict.fromkeys(cited)))
            console.print(f"  {label}{escape(point.text)} [dim]{times}[/]", soft_wrap=True)


def export(
    video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")],
    format: Annotated[str, typer.Option(help=f"One of {', '.join(FORMATS)}.")] = "md",
    out: Annotated[Path | None, typer.Option(help="File to write; default: a name made from the title.")] = None,
    server: Annotated[str, typer.Option(help="Address of a Longreel server that times link to.")] = "",
) -> None:
    """Write a video's chapters, transcript or markers to a file for other programs.

    Example: longreel export talk.mp4 --format youtube
    """
    library = open_longreel().library
    entry = library.find(video)
    folder = out.parent if out else Path()
    name, content = exported(library, entry, format, server=server, media=link_from(folder, entry.path))
    path = out or Path(name)
    write_file(path, content)
    consoles()[0].print(str(path), soft_wrap=True, markup=False)


def clip(
    video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")],
    start: Annotated[str, typer.Option(help="Where the clip begins: seconds, or 1:02:03.5.")],
    end: Annotated[str, typer.Option(help="Where it ends.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; default: a name made from the title and the times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Cut a clip out of a video without encoding it again. It begins at the key frame at or before --start.

    Example: longreel clip talk.mp4 --start 12:30 --end 13:05
    """
    from gpu_workers.media.clip import cut

    library = open_longreel().library
    entry = library.find(video)
    source = library.media_path(entry.id)
    begin, finish = _seconds(start), _seconds(end)
    if not begin < finish or begin >= entry.duration_s:
        raise BadInput(
            f"There is nothing between {start} and {end} in a video of {clock(entry.duration_s)}.",
            "Give a start before the end, both inside the video.",
        )
    path = out or Path(f"{file_stem(entry.title)} {begin:g}-{finish:g}{source.suffix}")
    if path_of(str(path)) == source.resolve():
        raise BadInput("The clip would overwrite the video itself.", "Give another --out.")
    if not is_folder(path.parent):
        raise BadInput(f"There is no folder {path.parent}.", "Create it first.")
    with usual_permissions():
        inside = TimeSpan(begin, min(finish, entry.duration_s))
        span = cut(source, inside, path, track=entry.media.picture_track)
    out_console, err = consoles()
    if as_json:
        out_console.print_json(data={"path": str(path), "start_s": span.start_s, "end_s": span.end_s})
        return
    if begin - span.start_s > 0.05:
        err.print(f"[yellow]note[/] begins at the key frame at {span.start_s:.2f} s: pictures are copied, not encoded.")
    out_console.print(str(path), soft_wrap=True, markup=False)


def _seconds(text: str) -> float:
    """The seconds in "75", "1:15" or "0:01:15.5". Raises BadInput."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text} is not a time.", "Write seconds (75.5) or 1:15.5 or 0:01:15.5.")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
