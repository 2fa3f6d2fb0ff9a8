"""Commands about speakers: list those of a video, and name them."""

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

VideoArgument = Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")]


class ListByDefault(TyperGroup):
    """Makes `longreel speakers VIDEO` short for `longreel speakers list VIDEO`, and the same for faces."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts `list` before a first word that is not a command."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ListByDefault,
    help="Show who speaks in a video, or name them. 'speakers VIDEO' is short for 'speakers list VIDEO'.",
    no_args_is_help=True,
)


@app.command(name="list")
def list_speakers(video: VideoArgument, as_json: JsonOption = False) -> None:
    """Show who speaks, for how long, and which people of the library they may be."""
    longreel = open_longreel()
    _show(longreel.speakers.of(longreel.library.find(video).id), as_json)


@app.command()
def rename(
    video: VideoArgument,
    who: Annotated[str, typer.Argument(help="The speaker's current name, such as 'Speaker 1'.")],
    name: Annotated[str, typer.Argument(help="The new name; '' removes it.")],
    here_only: Annotated[bool, typer.Option("--here-only", help="Leave other videos unchanged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Name a speaker, here and wherever the same person speaks. Speakers with the same name are one person."""
    longreel = open_longreel()
    video_id = longreel.library.find(video).id
    _show(longreel.speakers.rename(video_id, who, name, here_only=here_only), as_json)


def _show(speakers: Sequence[Speaker], as_json: bool) -> None:
    out, _ = consoles()
    if as_json:
        out.print_json(data=[SpeakerOut.of(speaker).model_dump(mode="json") for speaker in speakers])
        return
    if not speakers:
        out.print("No speakers are known. Separate the voices with: longreel ingest --speakers PATH")
        return
    table = Table("voice", "name", "speaks", "", box=None)
    for speaker in speakers:
        match = note(speaker, "voice", "sounds like")
        table.add_row(speaker.label, escape(speaker.name or "-"), clock(speaker.seconds), match)
    out.print(table)


def note(speaker: Speaker, by: str, likeness: str) -> str:
    """How somebody was recognised, or whom they resemble: "recognized by voice", "sounds like Ann (0.61)"."""
    if speaker.recognised:
        return f"recognized by {by}"
    likely = ", ".join(f"{escape(one.name)} ({one.cosine:.2f})" for one in speaker.suggestions)
    return f"{likeness} {likely}" if likely else ""
