"""The `longreel` program: its list of commands, and errors turned into a sentence and an exit code.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 wrong
usage, 3 bad input, 4 not found, 5 a needed part is missing, 1 anything else.

A command's module is imported when the command runs, so that help and short commands do not wait for the others.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import os
import sys
import textwrap
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.commands import resources
from app.core.errors import LongreelError, unexpected

logger = logging.getLogger(__name__)

COMMANDS = {
    "ingest": ("ingesting:ingest", "Ingest videos, so that you can ask about them."),
    "ask": ("asking:ask", "Answer a question, with the moments of the video that prove it."),
    "chat": ("asking:chat", "Ask one question after another; each may refer back to earlier ones."),
    "search": ("searching:search", "Find what was said, shown or written."),
    "summarize": ("summarizing:summarize", "Ingest new videos, summarize them, and ask each the same questions."),
    "export": (
        "summarizing:export",
        "Write a video's chapters, transcript or markers to a file for other programs.",
    ),
    "clip": ("summarizing:clip", "Cut a clip out of a video without encoding it again."),
    "frames": ("frames:frames", "Select the frames that represent a video, or that relate to a question."),
    "list": ("videos:list_videos", "List the videos of the library, newest first."),
    "show": ("videos:show", "Show a video: its summary, its chapters, and the number of segments of each kind."),
    "delete": ("videos:delete", "Delete a video."),
    "restore": ("videos:restore", "Restore a deleted video, unchanged."),
    "collection": ("collections:app", "Named sets of videos that you can list, ask and summarize together."),
    "watch": ("schedules:watch", "Ingest the videos in a folder, and new ones as they arrive, until Ctrl-C."),
    "schedule": ("schedules:app", "Folders that a running server checks for new videos at set times."),
    "jobs": ("jobs:app", "A server's background jobs: list them, dismiss those that have ended."),
    "speakers": ("speakers:app", "Show who speaks in a video, or name them."),
    "faces": ("faces:app", "Show whose faces appear in a video, name or delete them."),
    "entities": ("entities:entities", "Show who and what is mentioned in the videos."),
    "import": ("evaluating:import_words", "Add captions or subtitles in place of a video."),
    "eval": ("evaluating:evaluate", "Evaluate Longreel on a benchmark, from local files."),
    "serve": ("serving:serve", "Start the web page, the REST API and the workers in one process."),
    "connect": ("connect:connect", "Connect a server of models (Ollama, LM Studio, vLLM, a vendor)."),
    "mcp": ("mcp:mcp", "Give assistants access over the Model Context Protocol, on standard input and output."),
    "worker": ("serving:worker", "Process queued jobs until Ctrl-C, beside a server."),
    "doctor": ("serving:doctor", "Show what is installed, what is missing, and the command that fixes it."),
    "reindex": (
        "reindex:reindex",
        "Compare the search index and the thumbnails with the library, and rebuild what is missing or damaged.",
    ),
    "models": ("models:app", "The models of this installation."),
}
"""Where each command is defined below app.commands, and its line in the help."""


class LazyGroup(TyperGroup):
    """Imports a command when it is used."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The command; None if there is none of this name."""
        del ctx
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        """Writes the list of commands without importing them."""
        del ctx
        width = formatter.width - 6 - max(map(len, COMMANDS))
        lines = [(name, textwrap.shorten(line, width, placeholder="...")) for name, (_, line) in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Runs the command, then releases what it held: the library's lock, connections."""
        with ExitStack() as held:
            resources.set(held)
            return super().invoke(ctx)


def load_command(name: str) -> Any:
    """Imports and builds a command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    target = getattr(importlib.import_module(f"app.commands.{module}"), attribute)
    holder = _typer()
    holder.callback()(lambda: None)
    if isinstance(target, typer.Typer):
        holder.add_typer(target, name=name)
    else:
        holder.command(name=name)(target)
    group: Any = typer.main.get_command(holder)
    return group.commands[name]


def _typer(**options: Any) -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **options)


def _print_version(is_asked_for: bool) -> None:
    if is_asked_for:
        typer.echo(f"longreel {importlib.metadata.version('longreel')}")
        raise typer.Exit


app = _typer(
    cls=LazyGroup,
    help="Ask long videos questions, and see where in the video each answer comes from.",
    epilog="Start with: longreel ingest talk.mp4, then: longreel ask talk.mp4 'What is said about costs?'",
    no_args_is_help=True,
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Ask long videos questions, and see where in the video each answer comes from."""
    del version


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
    from rich.markup import escape

    from app.api.schemas import problem_of
    from app.terminal import consoles

    out, err = consoles()
    if as_json:
        out.print_json(data=problem_of(error).model_dump(mode="json"))
    err.print(f"[red]error[/] {escape(error.message)} {escape(error.hint)}".rstrip(), soft_wrap=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
