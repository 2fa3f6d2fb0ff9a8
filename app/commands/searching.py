"""The command that searches without a language model."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas import FoundOut
from app.commands.start import CollectionOption, JsonOption, name_for_server, open_alone, running_longreel
from app.core.timecode import span_clock
from app.core.types import SegmentKind, TimeSpan
from app.terminal import consoles, shortened


def search(
    words: Annotated[str, typer.Argument(help="What to look for: words, or a description.", metavar="WORDS")],
    videos: Annotated[
        list[str] | None,
        typer.Argument(help="Videos (id, path or title; all if none are given).", metavar="[VIDEO]..."),
    ] = None,
    collection: CollectionOption = None,
    kind: Annotated[list[SegmentKind] | None, typer.Option(help="Only this kind of segment; can be repeated.")] = None,
    speaker: Annotated[str, typer.Option(help="Only while this person speaks.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Maximum number of hits.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Find what was said, shown or written. Faster than asking: no language model is used.

    Example: longreel search "second proof" week3.mp4
    """
    names, kinds = list(videos or []), list(kind or [])
    server = running_longreel()
    if server:
        named = list(map(name_for_server, names))
        hits = server.search(words, named, collection=collection or "", kinds=kinds, speaker=speaker, limit=limit)
        titles = {video.id: video.title for video in server.videos()}
    else:
        longreel = open_alone("longreel search")
        ids = [video.id for video in longreel.library.scope(names, collection)]
        found = longreel.moments.search(words, ids, kinds=kinds, speaker=speaker, limit=limit)
        hits = [FoundOut.of(evidence) for evidence in found]
        titles = {video.id: video.title for video in longreel.library.videos()}
    out, _ = consoles()
    if as_json:
        out.print_json(data=[hit.model_dump(mode="json") for hit in hits])
        return
    if not hits:
        out.print("Nothing was found.")
        return
    table = Table("time", "video", "kind", "text", box=None)
    for hit in hits:
        times = span_clock(TimeSpan(hit.start_s, hit.end_s))
        table.add_row(times, escape(titles.get(hit.video_id, "")), hit.kind, escape(shortened(hit.text)))
    out.print(table)
