"""The command that rebuilds the search index."""

from __future__ import annotations

from rich.markup import escape

from app.commands.start import JsonOption, interruptible, open_alone
from app.core.errors import LongreelError, MissingPart
from app.terminal import IngestDisplay, consoles


def reindex(as_json: JsonOption = False) -> None:
    """Compare the search index and the thumbnails with the library, and rebuild what is missing or damaged.

    A server does this by itself when it starts. No video is ingested again, so it takes seconds to minutes.
    """
    longreel = open_alone("longreel reindex")
    if longreel.reindexer is None:
        raise MissingPart("This library has no index on disk.")
    out, err = consoles()
    with interruptible() as cancelled, IngestDisplay(err) as display:
        done = longreel.reindexer.run(report=display, cancelled=cancelled)
        done["thumbnails"] = 0
        for video in longreel.library.videos():
            try:
                done["thumbnails"] += longreel.library.mend_thumbnails(video.id)
            except LongreelError as error:
                err.print(f"[yellow]warning[/] The thumbnails of {escape(video.title)} are lost: {escape(str(error))}")
    if as_json:
        out.print_json(data=done)
        return
    for problem in done["damaged"]:
        out.print(problem, soft_wrap=True)
    if done["thumbnails"]:
        out.print(f"Lost thumbnails that were written again: {done['thumbnails']}.")
    again = "1 video" if done["videos"] == 1 else f"{done['videos']} videos"
    out.print(f"Indexed {again} again." if done["videos"] else "The index matches the library.")
