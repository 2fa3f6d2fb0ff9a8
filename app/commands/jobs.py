"""Commands about a server's background jobs: list them, and dismiss those that have ended."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.api.schemas import JobOut
from app.commands.start import JsonOption, open_longreel
from app.core.errors import BadInput, NotFound
from app.jobs.states import Job
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from app.terminal import consoles

MOST_JOBS = 10_000

app = typer.Typer(help="A server's background jobs: list them, dismiss those that have ended.", no_args_is_help=True)


@app.command(name="list")
def list_jobs(as_json: JsonOption = False) -> None:
    """List waiting, running and ended jobs, newest first, without dismissed ones."""
    out, _ = consoles()
    jobs = [job for job in _all(open_longreel().jobs) if not job.dismissed]
    if as_json:
        out.print_json(data=[JobOut.of(job).model_dump(mode="json") for job in jobs])
        return
    if not jobs:
        out.print("There are no background jobs.")
        return
    table = Table("id", "kind", "title", "state", "", box=None)
    for job in jobs:
        message = escape(job.error.message) if job.error else ""
        table.add_row(job.id[:12], job.kind, escape(job.title), job.state, message)
    out.print(table)


@app.command()
def dismiss(
    jobs: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids, or beginnings of ids.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="All that finished, failed or were cancelled.")] = False,
) -> None:
    """Remove jobs that have ended from the lists. Their results stay: ingested videos, files of batches.

    Only their logs are deleted. Example: longreel jobs dismiss --ended
    """
    if bool(jobs) == ended:
        raise typer.BadParameter("give ids, or --ended")
    store = open_longreel().jobs
    if ended:
        count = store.dismiss_ended()
    else:
        known, chosen = _all(store), []
        for name in jobs or ():
            matches = [job.id for job in known if job.id.startswith(name)]
            if not matches:
                raise NotFound(f"There is no job {name}.", "List them with: longreel jobs list")
            if len(matches) > 1:
                raise BadInput(f"{len(matches)} jobs have an id that begins with {name}.", "Give more of the id.")
            chosen += matches
        count = len([store.dismiss(id) for id in chosen])
    consoles()[1].print(f"Dismissed {count} {'job' if count == 1 else 'jobs'}; their results stay.")


def _all(store: JobStore) -> list[Job]:
    return [job for job in store.list(limit=MOST_JOBS) if job.kind != NOTICE]
