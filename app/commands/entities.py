"""The command that shows who and what is mentioned in the videos."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas.entities import EntityOut, MentionedOut
from app.commands.start import CollectionOption, JsonOption, open_longreel
from app.core.timecode import clock
from app.core.types.entities import EntityKind
from app.terminal import consoles


def entities(
    name: Annotated[str, typer.Argument(help="Part of a name; if only one name matches, shows when it occurs.")] = "",
    video: Annotated[list[str], typer.Option(help="Only this video; can be repeated.")] = [],  # noqa: B006
    kind: Annotated[list[EntityKind], typer.Option(help="Only this kind; can be repeated.")] = [],  # noqa: B006
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who and what is mentioned in the videos: names said, on screen or given to speakers, and things seen often.

    Example: longreel entities "Tom Hale"
    """
    longreel = open_longreel()
    videos = [one.id for one in longreel.library.scope(video, collection)]
    entities = longreel.entities.find(name, kinds=kind, videos=videos)
    out, _ = consoles()
    if name and len(entities) == 1:
        entity, mentions = longreel.entities.entity(entities[0].id)
        if as_json:
            out.print_json(data=MentionedOut.with_moments(entity, mentions).model_dump(mode="json"))
            return
        titles = {video.id: video.title for video in longreel.library.videos()}
        table = Table("video", "at", "how", entity.name, box=None)
        for mention in mentions:
            at, quote = clock(mention.span.start_s), escape(mention.quote)
            table.add_row(escape(titles[mention.video_id]), at, mention.source, quote)
    elif as_json:
        out.print_json(data=[EntityOut.of(one).model_dump(mode="json") for one in entities])
        return
    elif not entities:
        out.print("There are no names or things. For videos of an older version, run: longreel ingest PATH")
        return
    else:
        table = Table("name", "kind", "how", "videos", "mentions", box=None)
        for one in entities:
            sources, videos_count = ", ".join(one.sources), str(len(one.videos))
            table.add_row(escape(one.name), one.kind, sources, videos_count, str(one.mentions))
    out.print(table)
