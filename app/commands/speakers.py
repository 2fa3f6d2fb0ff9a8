"""Commands about who speaks: list the speakers of a video, give them names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from app.api.schemas.speakers import SpeakerOut
from app.commands.start import JsonOption, open_longreel
from app.core.timecode import clock
from app.core.types import Speaker
from app.terminal import consoles

VideoArgument = Annotated[str, typer.Argument(help="Id, beginning of an id, path or title.")]


class ListUnlessTold(TyperGroup):
    """`longreel speakers VIDEO` is short for `longreel speakers list VIDEO`, and so for faces."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts `list` before a first word that is no command."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ListUnlessTold,
    help="Show who speaks in a video, or name them. 'speakers VIDEO' is short for 'speakers list VIDEO'.",
    no_args_is_help=True,
)


@app.command(name="list")
def list_speakers(video: VideoArgument, as_json: JsonOption = False) -> None:
    """Show who speaks, for how long, and who of the library they may be."""
    longreel = open_longreel()
    _show(longreel.speakers.of(longreel.library.find(video).id), as_json)


@app.command()
def rename(
    video: VideoArgument,
    who: Annotated[str, typer.Argument(help="What the speaker is called now, such as 'Speaker 1'.")],
    name: Annotated[str, typer.Argument(help="The name; '' takes it away.")],
    here_only: Annotated[bool, typer.Option("--here-only", help="Leave other videos as they are.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Name a speaker, here and wherever the same person speaks. Two with one name are one person."""
    longreel = open_longreel()
    found = longreel.library.find(video)
    _show(longreel.speakers.rename(found.id, who, name, here_only=here_only), as_json)


def _show(speakers: Sequence[Speaker], as_json: bool) -> None:
    out, _ = consoles()
    if as_json:
        out.print_json(data=[SpeakerOut.of(speaker).model_dump(mode="json") for speaker in speakers])
        return
    if not speakers:
        out.print("Nobody is known to speak. Tell voices apart with: longreel ingest --speakers PATH")
        return
    table = Table("voice", "name", "speaks", "", box=None)
    for speaker in speakers:
        told = note(speaker, "voice", "sounds like")
        table.add_row(speaker.label, escape(speaker.name or "-"), clock(speaker.seconds), told)
    out.print(table)


def note(speaker: Speaker, by: str, likeness: str) -> str:
    """How a name was found, or whom somebody is like: "recognised by voice", "sounds like Ann (0.61)"."""
    if speaker.recognised:
        return f"recognised by {by}"
    likely = ", ".join(f"{escape(one.name)} ({one.cosine:.2f})" for one in speaker.suggestions)
    return f"{likeness} {likely}" if likely else ""
