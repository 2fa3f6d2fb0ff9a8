"""Commands about collections: named sets of videos."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas.collections import CollectionOut, utc
from app.commands.start import JsonOption, open_longreel
from app.db.collections import Collection
from app.terminal import consoles

NameArgument = Annotated[str, typer.Argument(help="Name of the collection, in any letter case, or its id.")]
VideosArgument = Annotated[list[str], typer.Argument(help="Ids, beginnings of ids, paths or titles.")]

app = typer.Typer(help="Named sets of videos, to be listed, asked and summarized together.", no_args_is_help=True)


@app.command(name="list")
def list_collections(as_json: JsonOption = False) -> None:
    """List the collections, each with the number of its videos."""
    out, _ = consoles()
    found = open_longreel().library.collections.all()
    if as_json:
        out.print_json(data=[_out(one).model_dump(mode="json") for one in found])
        return
    if not found:
        out.print("There is no collection. Make one with: longreel collection create NAME")
        return
    table = Table("collection", "videos", box=None)
    for one in found:
        table.add_row(escape(one.name), str(one.size))
    out.print(table)


@app.command()
def create(name: Annotated[str, typer.Argument(help="Unlike any other, in any letter case.")]) -> None:
    """Make an empty collection."""
    _show(open_longreel().library.collections.create(name))


@app.command()
def rename(name: NameArgument, new: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a collection another name."""
    _show(open_longreel().library.collections.rename(name, new))


@app.command()
def add(name: NameArgument, videos: VideosArgument) -> None:
    """Put videos into a collection. A video may be in several."""
    library = open_longreel().library
    for video in library.scope(videos):
        library.collections.add(name, video.id)
    _show(library.collections.find(name))


@app.command()
def remove(name: NameArgument, videos: VideosArgument) -> None:
    """Take videos out of a collection; they stay in the library."""
    library = open_longreel().library
    for video in library.scope(videos):
        library.collections.remove(name, video.id)
    _show(library.collections.find(name))


@app.command()
def delete(name: NameArgument) -> None:
    """Forget a collection; its videos stay in the library."""
    collections = open_longreel().library.collections
    found = collections.find(name)
    collections.delete(found.id)
    consoles()[1].print(f"Forgot the collection {escape(found.name)}; its videos stay.")


def _show(found: Collection) -> None:
    consoles()[0].print(f"{escape(found.name)}: {found.size} videos", soft_wrap=True)


def _out(found: Collection) -> CollectionOut:
    return CollectionOut(id=found.id, name=found.name, size=found.size, created_at=utc(found.created_at))
