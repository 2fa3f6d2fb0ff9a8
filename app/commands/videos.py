"""Commands about videos: ingest, list, show, delete, restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.api.schemas import SegmentOut, SummaryOut, VideoOut, problem_of
from app.commands.start import JsonOption, interruptible, open_longreel
from app.core.errors import Cancelled, LongreelError, NotFound, contained
from app.core.events import Event, IngestFinished
from app.core.paths import is_address
from app.core.timecode import clock
from app.core.types import Video
from app.terminal import IngestDisplay, consoles

if TYPE_CHECKING:
    from app.bootstrap import Services


def ingest(
    paths: Annotated[
        list[str], typer.Argument(help="Video or audio files, or their http(s) addresses.", metavar="PATH...")
    ],
    subtitles: Annotated[
        Path | None, typer.Option(help="Subtitles to use instead of transcribing: SRT, WebVTT, ASS, TTML and others.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Spoken language, such as en; auto detects it again.")] = None,
    title: Annotated[str | None, typer.Option(help="Title; default: the file's name.")] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Collection to put the videos into; created if new. Can be repeated.")
    ] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Translate the transcript into English.")] = False,
    speakers: Annotated[bool | None, typer.Option(help="Separate speakers, or do not; default: the setting.")] = None,
    video_track: Annotated[
        int | None, typer.Option(min=0, help="Video track to use, counted from 0; default: the best one.")
    ] = None,
    audio_track: Annotated[
        int | None,
        typer.Option(min=0, help="Audio track to transcribe, counted from 0; default: the first with sound."),
    ] = None,
    subtitle_track: Annotated[
        int | None, typer.Option(min=0, help="Subtitle track of the file to use instead of transcribing, from 0.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest videos, so that you can ask about them. Resumes where an earlier run stopped."""
    if subtitles and len(paths) > 1:
        raise typer.BadParameter("--subtitles works with one video only")
    out, err = consoles()
    longreel = open_longreel()
    done: list[dict[str, Any]] = []
    failed: list[tuple[str, LongreelError]] = []
    options = {
        "tags": collection or (),
        "title": title,
        "subtitles": subtitles,
        "language": language,
        "translate": translate,
        "speakers": speakers,
        "video_track": video_track,
        "audio_track": audio_track,
        "subtitle_track": subtitle_track,
    }
    with interruptible() as cancelled:
        for path in paths:
            if not as_json or err.is_terminal:
                err.print(f"[bold]{escape(path)}[/]")
            try:
                with contained():
                    done.append(ingest_one(longreel, err, path if is_address(path) else Path(path), options, cancelled))
            except Cancelled:
                raise
            except LongreelError as error:
                failed.append((path, error))
                err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
    if as_json:
        problems = [{"path": p, **problem_of(e).model_dump(mode="json")} for p, e in failed]
        out.print_json(data={"videos": done, "failed": problems})
    if failed:
        raise typer.Exit(failed[0][1].exit_code)


def ingest_one(
    longreel: Services,
    err: Console,
    path: Path | str,
    options: dict[str, Any],
    cancelled: Callable[[], bool],
) -> dict[str, Any]:
    """Ingests one file or address and shows the progress. Raises what ingest raises."""
    ends: list[IngestFinished] = []
    with IngestDisplay(err) as display:

        def on_event(event: Event) -> None:
            display(event)
            if isinstance(event, IngestFinished):
                ends.append(event)

        if isinstance(path, str):
            video = longreel.downloads.run(path, **options, report=on_event, cancelled=cancelled)
        else:
            video = longreel.ingest.run(path, **options, report=on_event, cancelled=cancelled)
    end = ends[-1]
    return {**VideoOut.of(video).model_dump(mode="json"), "seconds": end.seconds, "reused": end.reused}


def list_videos(
    collection: Annotated[str | None, typer.Option(help="Only the videos of this collection.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted videos that can be restored.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the videos of the library, newest first."""
    out, _ = consoles()
    library = open_longreel().library
    videos = [one.video for one in library.binned()] if deleted else library.videos()
    if collection:
        name = library.collections.find(collection).name
        videos = [video for video in videos if name in video.tags]
    if as_json:
        out.print_json(data=[VideoOut.of(v).model_dump(mode="json") for v in videos])
        return
    if not videos:
        plain = not deleted and not collection
        out.print("The library is empty. Add a video with: longreel ingest PATH" if plain else "There are none.")
        return
    table = Table("id", "title", "length", "language", "state", "collections", box=None)
    for video in videos:
        state = "deleted" if deleted else "ready" if video.ready else "unfinished"
        named = escape(", ".join(video.tags))
        length, language = clock(video.duration_s), video.language or "-"
        table.add_row(video.id[:12], escape(video.title), length, language, state, named)
    out.print(table)


def show(
    video: Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")], as_json: JsonOption = False
) -> None:
    """Show a video: its summary, its chapters, and the number of segments of each kind."""
    out, _ = consoles()
    library = open_longreel().library
    entry = library.find(video)
    digest = library.digest(entry.id)
    segments = library.segments(entry.id)
    if as_json:
        data = VideoOut.of(entry).model_dump(mode="json")
        data["digest"] = SummaryOut.of(digest).model_dump(mode="json") if digest else None
        data["segments"] = [SegmentOut.of(s).model_dump(mode="json") for s in segments]
        out.print_json(data=data)
        return
    out.print(f"[bold]{escape(entry.title)}[/]  {clock(entry.duration_s)}  {entry.language or ''}\n{entry.id}")
    out.print(escape(entry.path), soft_wrap=True)
    if entry.source:
        out.print(escape(entry.source), soft_wrap=True)
    for warning in entry.media.warnings:
        out.print(f"[yellow]note[/] {escape(warning)}")
    if digest:
        out.print(f"\n{escape(digest.summary)}\n")
        for chapter in digest.chapters:
            out.print(f"[cyan]{clock(chapter.span.start_s):>8}[/]  [bold]{escape(chapter.title)}[/]")
            if chapter.summary:
                out.print(f"          {escape(chapter.summary)}")
    kinds = {kind: sum(s.kind == kind for s in segments) for kind in sorted({s.kind for s in segments})}
    out.print("\n" + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))


def delete(
    video: Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")],
    now: Annotated[bool, typer.Option("--now", help="Delete it at once and permanently.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a permanent deletion.")] = False,
) -> None:
    """Delete a video. You can restore it for some days (LONGREEL_BIN_DAYS); the file itself stays where it is."""
    longreel = open_longreel()
    days = 0.0 if now else longreel.settings.bin_days
    entry = _find(longreel, video, deleted=now)
    if not days and not yes:
        typer.confirm(f"Delete {entry.title} ({clock(entry.duration_s)}) and its index permanently?", abort=True)
    if entry in [one.video for one in longreel.library.binned()]:
        longreel.library.purge(entry.id)
    else:
        longreel.library.delete(entry.id, now=now)
    undo = f" For {days:g} days you can restore it with: longreel restore {entry.id[:12]}" if days else ""
    consoles()[1].print(f"Deleted {escape(entry.title)}.{undo}", soft_wrap=True)


def restore(video: Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")]) -> None:
    """Restore a deleted video, unchanged."""
    entry = open_longreel().library.restore(video)
    consoles()[1].print(f"Restored {escape(entry.title)}.")


def _find(longreel: Services, name: str, *, deleted: bool) -> Video:
    try:
        return longreel.library.find(name)
    except NotFound:
        if deleted:
            return longreel.library.find_binned(name)
        raise
