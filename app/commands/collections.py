"""Commands about collections: named sets of videos."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas.collections import CollectionOut
from app.commands.start import JsonOption, open_longreel
from app.db.collections import Collection
from app.terminal import consoles

NameArgument = Annotated[str, typer.Argument(help="Name of the collection, in any letter case, or its id.")]
VideosArgument = Annotated[list[str], typer.Argument(help="Ids, beginnings of ids, paths or titles.")]

app = typer.Typer(help="Named sets of videos that you can list, ask and summarize together.", no_args_is_help=True)


@app.command(name="list")
def list_collections(as_json: JsonOption = False) -> None:
    """List the collections, each with the number of its videos."""
    out, _ = consoles()
    collections = open_longreel().library.collections.all()
    if as_json:
        out.print_json(data=[CollectionOut.of(one).model_dump(mode="json") for one in collections])
        return
    if not collections:
        out.print("There are no collections. Create one with: longreel collection create NAME")
        return
    table = Table("collection", "videos", box=None)
    for collection in collections:
        table.add_row(escape(collection.name), str(collection.size))
    out.print(table)


@app.command()
def create(name: Annotated[str, typer.Argument(help="A new name; letter case does not count.")]) -> None:
    """Create an empty collection."""
    _show(open_longreel().library.collections.create(name))


@app.command()
def rename(name: NameArgument, new: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Rename a collection."""
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
    """Delete a collection; its videos stay in the library."""
    collections = open_longreel().library.collections
    collection = collections.find(name)
    collections.delete(collection.id)
    consoles()[1].print(f"Deleted the collection {escape(collection.name)}; its videos stay.")


def _show(collection: Collection) -> None:
    videos = "1 video" if collection.size == 1 else f"{collection.size} videos"
    consoles()[0].print(f"{escape(collection.name)}: {videos}", soft_wrap=True)
