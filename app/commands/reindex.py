"""The command that rebuilds the search index."""

from __future__ import annotations

from app.commands.start import JsonOption, interruptible, open_alone
from app.core.errors import MissingPart
from app.terminal import IngestDisplay, consoles


def reindex(as_json: JsonOption = False) -> None:
    """Compare the search index with the library, and rebuild what is missing or damaged.

    A server does this by itself when it starts. No video is ingested again, so it takes seconds to minutes.
    """
    longreel = open_alone("longreel reindex")
    if longreel.reindexer is None:
        raise MissingPart("This library has no index on disk.")
    out, err = consoles()
    with interruptible() as cancelled, IngestDisplay(err) as display:
        done = longreel.reindexer.run(report=display, cancelled=cancelled)
    if as_json:
        out.print_json(data=done)
        return
    for problem in done["damaged"]:
        out.print(problem, soft_wrap=True)
    out.print(f"Indexed {done['videos']} videos again." if done["videos"] else "The index matches the library.")
