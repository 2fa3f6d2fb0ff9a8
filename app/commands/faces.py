"""Commands about faces: list the people seen in a video, name them, delete their data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas.faces import FaceOut
from app.commands.speakers import ListByDefault, VideoArgument, note
from app.commands.start import JsonOption, open_longreel
from app.core.timecode import clock
from app.core.types import Speaker
from app.terminal import consoles

SHOWN = 3
"""Appearances listed in the table."""
WhoArgument = Annotated[str, typer.Argument(help="The person's current name, such as 'Person 1'.")]

app = typer.Typer(
    cls=ListByDefault,
    help="Show whose faces appear in a video, name or delete them. 'faces VIDEO' is short for 'faces list VIDEO'.",
    no_args_is_help=True,
)


@app.command(name="list")
def list_faces(video: VideoArgument, as_json: JsonOption = False) -> None:
    """Show whose faces appear, how long and when, and which people of the library they may be."""
    longreel = open_longreel()
    _show(longreel.people.of(longreel.library.find(video).id), as_json)


@app.command()
def rename(
    video: VideoArgument,
    who: WhoArgument,
    name: Annotated[str, typer.Argument(help="The new name; '' removes it.")],
    here_only: Annotated[bool, typer.Option("--here-only", help="Leave other videos unchanged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Name a person, here and wherever the same face appears. Faces with the same name are one person."""
    longreel = open_longreel()
    video_id = longreel.library.find(video).id
    _show(longreel.people.rename(video_id, who, name, here_only=here_only), as_json)


@app.command()
def delete(
    video: VideoArgument,
    who: WhoArgument,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="In all videos in which a face has the same name.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a face's data: its vector, its name and when it is seen."""
    longreel = open_longreel()
    _show(longreel.people.forget(longreel.library.find(video).id, who, everywhere=everywhere), as_json)


def _show(people: Sequence[Speaker], as_json: bool) -> None:
    out, _ = consoles()
    if as_json:
        out.print_json(data=[FaceOut.of(person).model_dump(mode="json") for person in people])
        return
    if not people:
        out.print("No faces are known in this video. docs/faces.md says how to find faces.")
        return
    table = Table("face", "name", "seen", "at", "", box=None)
    for person in people:
        times = ", ".join(clock(span.start_s) for span in person.spans[:SHOWN])
        more = len(person.spans) - SHOWN
        at = f"{times} and {more} more" if more > 0 else times
        match = note(person, "face", "looks like")
        table.add_row(person.label, escape(person.name or "-"), clock(person.seconds), at, match)
    out.print(table)
