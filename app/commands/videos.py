"""Commands about the videos of the library: list, show, delete, restore."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas import SegmentOut, SummaryOut, VideoOut
from app.commands.start import JsonOption, open_alone, open_longreel, running_longreel
from app.core.errors import NotFound
from app.core.timecode import clock
from app.terminal import consoles


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
    video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")], as_json: JsonOption = False
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
    video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")],
    now: Annotated[bool, typer.Option("--now", help="Delete it at once and permanently.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a permanent deletion.")] = False,
) -> None:
    """Delete a video. You can restore it for some days (LONGREEL_BIN_DAYS); the file itself stays where it is."""
    longreel = open_longreel()
    days = 0.0 if now else longreel.settings.bin_days
    try:
        entry = longreel.library.find(video)
    except NotFound:
        if not now:
            raise
        entry = longreel.library.find_binned(video)
    if not days and not yes:
        typer.confirm(f"Delete {entry.title} ({clock(entry.duration_s)}) and its index permanently?", abort=True)
    is_binned = entry in [one.video for one in longreel.library.binned()]
    server = None if days else running_longreel()
    if server:
        server.purge(entry.id) if is_binned else server.delete(entry.id, now=now)
    else:
        library = (longreel if days else open_alone("longreel delete")).library
        library.purge(entry.id) if is_binned else library.delete(entry.id, now=now)
    undo = f" For {days:g} days you can restore it with: longreel restore {entry.id[:12]}" if days else ""
    consoles()[1].print(f"Deleted {escape(entry.title)}.{undo}", soft_wrap=True)


def restore(video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")]) -> None:
    """Restore a deleted video, unchanged."""
    entry = open_longreel().library.restore(video)
    consoles()[1].print(f"Restored {escape(entry.title)}.")
