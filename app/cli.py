"""The `longreel` program: its list of commands, and errors turned into a sentence and an exit code.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 wrong
usage, 3 bad input, 4 not found, 5 a needed part is missing, 1 anything else.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from app.api.schemas import problem_of
from app.commands import (
    asking,
    collections,
    entities,
    evaluating,
    faces,
    frames,
    jobs,
    mcp,
    models,
    reindex,
    schedules,
    serving,
    speakers,
    summarizing,
    videos,
)
from app.core.errors import LongreelError, unexpected
from app.terminal import consoles

logger = logging.getLogger(__name__)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"longreel {importlib.metadata.version('longreel')}")
        raise typer.Exit


app = typer.Typer(
    help="Ask long videos questions, and see where in the video each answer comes from.",
    epilog="Start with: longreel ingest talk.mp4, then: longreel ask talk.mp4 'What is said about costs?'",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Ask long videos questions, and see where in the video each answer comes from."""
    del version


app.command()(videos.ingest)
app.command()(asking.ask)
app.command()(asking.chat)
app.command()(summarizing.summarize)
app.command()(summarizing.export)
app.command()(summarizing.clip)
app.command()(frames.frames)
app.command(name="list")(videos.list_videos)
app.command()(videos.show)
app.command()(videos.delete)
app.command()(videos.restore)
app.add_typer(collections.app, name="collection")
app.command()(schedules.watch)
app.add_typer(schedules.app, name="schedule")
app.add_typer(jobs.app, name="jobs")
app.add_typer(speakers.app, name="speakers")
app.add_typer(faces.app, name="faces")
app.command()(entities.entities)
app.command(name="import")(evaluating.import_words)
app.command(name="eval")(evaluating.evaluate)
app.command()(serving.serve)
app.command()(mcp.mcp)
app.command()(serving.worker)
app.command()(serving.doctor)
app.command()(reindex.reindex)
app.add_typer(models.app, name="models")


def main() -> None:
    """The `longreel` program: runs a command and turns errors into a sentence and an exit code."""
    # Threads that wait for work must not spin: several models share the cores (see gpu_workers.onnx).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.basicConfig(level=os.environ.get("LOGLEVEL", "ERROR").upper(), format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except LongreelError as error:
        _fail(error, as_json="--json" in sys.argv)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        logger.exception("The command failed in a way it should not", extra={"action": "command_failed"})
        _fail(unexpected(error), as_json="--json" in sys.argv)


def _fail(error: LongreelError, *, as_json: bool) -> None:
    out, err = consoles()
    if as_json:
        out.print_json(data=problem_of(error).model_dump(mode="json"))
    err.print(f"[red]error[/] {escape(error.message)} {escape(error.hint)}".rstrip(), soft_wrap=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
