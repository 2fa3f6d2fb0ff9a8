"""The command that ingests videos, in this process or in a running server of the library."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.api.guard import trusts_this_machine
from app.api.schemas import JobOut, VideoOut, problem_of
from app.commands.start import JsonOption, cancelling, interruptible, open_alone, running_longreel
from app.core.errors import BadInput, Cancelled, LongreelError, contained
from app.core.paths import is_address, path_of
from app.core.requests import IngestRequest
from app.core.settings import load_settings
from app.core.timecode import clock
from app.services.downloads import SeveralVideos
from app.terminal import IngestDisplay, consoles

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.client import Longreel


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(help="Video or audio files, or http(s) addresses of files or pages.", metavar="PATH..."),
    ],
    subtitles: Annotated[
        Path | None, typer.Option(help="Subtitles to use instead of transcribing: SRT, WebVTT, ASS, TTML and others.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Spoken languages, such as en or en,de; auto detects them again.")
    ] = None,
    terms: Annotated[
        str, typer.Option(help="Names that are spoken, separated by commas, so that they are spelled correctly.")
    ] = "",
    title: Annotated[str | None, typer.Option(help="Title; default: the file's name.")] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Collection to put the videos into; created if new. Can be repeated.")
    ] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Translate the transcript into English.")] = False,
    speakers: Annotated[bool | None, typer.Option(help="Separate speakers, or do not; default: the setting.")] = None,
    video_track: Annotated[
        int | None, typer.Option(min=0, help="Video track to use, counted from 0; default: the best one.")
    ] = None,
    audio_track: Annotated[
        int | None,
        typer.Option(min=0, help="Audio track to transcribe, counted from 0; default: the first with sound."),
    ] = None,
    subtitle_track: Annotated[
        int | None, typer.Option(min=0, help="Subtitle track of the file to use instead of transcribing, from 0.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Delete the earlier video of this path, such as part of a recording."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ingest videos, so that you can ask about them. Resumes where an earlier run stopped."""
    if subtitles and len(paths) > 1:
        raise typer.BadParameter("--subtitles works with one video only")
    out, err = consoles()
    done: list[dict[str, Any]] = []
    failed: list[tuple[str, LongreelError]] = []
    options: dict[str, Any] = {
        "tags": tuple(collection or ()),
        "title": title,
        "subtitles": subtitles,
        "language": language,
        "terms": terms,
        "translate": translate,
        "speakers": speakers,
        "video_track": video_track,
        "audio_track": audio_track,
        "subtitle_track": subtitle_track,
    }
    with interruptible() as cancelled:
        server = running_longreel()
        longreel = None if server else open_alone("longreel ingest")
        waiting = list(paths)
        while waiting:
            path = waiting.pop(0)
            if not as_json or err.is_terminal:
                err.print(f"[bold]{escape(path)}[/]")
            try:
                with contained():
                    request = request_of(path, **options)
                    if server is not None:
                        done.append(ingest_at(server, err, request, cancelled, replace=replace))
                    else:
                        assert longreel is not None  # opened where there is no server
                        done.append(ingest_one(longreel, err, request, cancelled, replace=replace))
            except Cancelled:
                raise
            except SeveralVideos as found:
                waiting = [one.address for one in found.page.listed] + waiting
                err.print(f"This page lists {len(found.page.listed)} videos.")
            except LongreelError as error:
                failed.append((path, error))
                err.print(f"[red]error[/] {escape(str(error))}", soft_wrap=True)
    if as_json:
        problems = [{"path": p, **problem_of(e).model_dump(mode="json")} for p, e in failed]
        out.print_json(data={"videos": done, "failed": problems})
    if failed:
        raise typer.Exit(failed[0][1].exit_code)


def request_of(name: str, **options: Any) -> IngestRequest:
    """What is asked for a file or an address. Raises BadInput."""
    where: dict[str, Any] = {"source": name} if is_address(name) else {"path": Path(name)}
    return IngestRequest(**where, **options)


def delete_older(longreel: Services, err: Console, id: str) -> None:
    """Moves other videos that were read from the same path to the bin."""
    newest = longreel.library.find(id)
    for older in longreel.library.videos():
        if older.path == newest.path and older.id != newest.id:
            longreel.library.delete(older.id)
            err.print(f"Deleted the video of {clock(older.duration_s)} that was at this path before: {older.id[:12]}.")


def ingest_one(
    longreel: Services,
    err: Console,
    request: IngestRequest,
    cancelled: Callable[[], bool],
    *,
    replace: bool = False,
) -> dict[str, Any]:
    """Ingests one file or address and shows the progress; with `replace`, other videos of its path are deleted.

    Raises what ingest raises.
    """
    with IngestDisplay(err) as display:
        run = longreel.downloads.run if request.source else longreel.ingest.run
        video = run(request, report=display, cancelled=cancelled)
    if replace:
        delete_older(longreel, err, video.id)
    return _result(VideoOut.of(video), display)


def ingest_at(
    server: Longreel, err: Console, request: IngestRequest, cancelled: Callable[[], bool], *, replace: bool = False
) -> dict[str, Any]:
    """Has a running server ingest one file or address, and shows the progress. Ctrl-C cancels the job.

    Raises what ingest raises.
    """
    if replace:
        hint = "Leave --replace out: a warning names the older video, and longreel delete deletes it."
        raise BadInput("A running server does not replace videos.", hint)
    job = _submit(server, request)
    stopped = Cancelled("The ingest was cancelled.", "The same command resumes it.")
    with IngestDisplay(err) as display, cancelling(cancelled, stopped, partial(server.cancel, job.id)) as check:
        result = server.wait(job.id, on_event=display, on_pulse=check).result or {}
    return _result(server.video(str(result["video_id"])), display)


def _result(video: VideoOut, display: IngestDisplay) -> dict[str, Any]:
    """The JSON output for one video; one whose end was not reported was ingested before."""
    end = display.finished
    took = {"seconds": end.seconds, "reused": end.reused} if end else {"seconds": 0.0, "reused": True}
    return {**video.model_dump(mode="json"), **took}


def _submit(server: Longreel, request: IngestRequest) -> JobOut:
    """The job that ingests a file or address. Raises BadInput for options that a running server does not have."""
    if len(request.tags) > 1:
        raise BadInput("A running server puts a new video into one collection.", "Give --collection once.")
    sent: dict[str, Any] = {
        "title": request.title,
        "language": request.language,
        "collection": next(iter(request.tags), None),
    }
    others: dict[str, Any] = {
        "translate": request.translate,
        "speakers": request.speakers,
        "video_track": request.video_track,
        "audio_track": request.audio_track,
        "subtitle_track": request.subtitle_track,
        "terms": request.terms,
    }
    if request.source:
        return server.fetch(request.source, **sent, **others)
    path, subtitles = path_of(str(request.path)), request.subtitles and path_of(str(request.subtitles))
    if trusts_this_machine(load_settings().server):
        return server.register(path, subtitles=subtitles, **sent, **others)
    if refused := [name.replace("_", "-") for name, value in others.items() if value]:
        raise BadInput(f"A server with a key does not take --{refused[0]}.", "Leave it out, or stop the server first.")
    return server.upload(path, subtitles=subtitles, **sent)
