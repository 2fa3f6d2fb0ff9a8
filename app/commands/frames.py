"""The command that selects frames of a video and can save them as pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.api.schemas import ChosenOut
from app.commands.start import JsonOption, open_longreel
from app.core.timecode import clock
from app.services.files import write_file
from app.terminal import consoles

SIDE = 1280


def frames(
    video: Annotated[str, typer.Argument(help="Id, path, title, or a unique part of it.")],
    question: Annotated[str, typer.Option(help="What the frames should show; without it, the whole video.")] = "",
    method: Annotated[str, typer.Option(help="uniform, keyframes, similar, maxinfo; hybrid, top-k, aks, ...")] = "",
    count: Annotated[int, typer.Option(min=1, max=1024, help="Maximum number of frames.")] = 8,
    option: Annotated[
        list[str], typer.Option(help="NAME=VALUE for the method, such as rank=12; can be repeated.")
    ] = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(help="Folder to save them in as JPEG, named after their times.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Select the frames that represent a video, or that relate to a question. docs/selection.md explains the methods
    and their options.

    Example: longreel frames talk.mp4 --question "a map of Europe" --count 4 --out pictures
    """
    options = dict(pair.partition("=")[::2] for pair in option)
    longreel = open_longreel()
    entry = longreel.library.find(video)
    chosen = longreel.selection.choose(entry, count, question=question, method=method, options=options)
    if out:
        for time_s in chosen.times_s:
            write_file(out / f"{time_s:09.3f}.jpg", longreel.moments.picture(entry, time_s, SIDE).jpeg)
    console, err = consoles()
    if as_json:
        console.print_json(data=ChosenOut(video_id=entry.id, **asdict(chosen)).model_dump(mode="json"))
        return
    err.print(f"{len(chosen.times_s)} of {chosen.considered} frames by {chosen.method}")
    for time_s in chosen.times_s:
        console.print(f"{time_s:10.3f} s  {clock(time_s)}", highlight=False)
