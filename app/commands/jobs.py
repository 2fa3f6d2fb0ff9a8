"""Commands about background work: what a server does, and taking off the list what has ended."""

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

app = typer.Typer(help="Background work of a server: list it, dismiss what has ended.", no_args_is_help=True)


@app.command(name="list")
def list_jobs(as_json: JsonOption = False) -> None:
    """List what waits, runs and has ended, newest first, without what was dismissed."""
    out, _ = consoles()
    found = [job for job in _all(open_longreel().jobs) if not job.dismissed]
    if as_json:
        out.print_json(data=[JobOut.of(job).model_dump(mode="json") for job in found])
        return
    if not found:
        out.print("There is no background work.")
        return
    table = Table("id", "kind", "title", "state", "", box=None)
    for job in found:
        said = escape(job.error.message) if job.error else ""
        table.add_row(job.id[:12], job.kind, escape(job.title), job.state, said)
    out.print(table)


@app.command()
def dismiss(
    jobs: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids, or beginnings of ids.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="All that finished, failed or were cancelled.")] = False,
) -> None:
    """Take jobs that have ended off the lists. What they did stays: videos that were read, results of batches.

    Only their logs are deleted. Example: longreel jobs dismiss --ended
    """
    if bool(jobs) == ended:
        raise typer.BadParameter("give ids, or --ended")
    store = open_longreel().jobs
    if ended:
        count = store.dismiss_ended()
    else:
        found = [_find(store, name) for name in jobs or ()]
        count = len([store.dismiss(job.id) for job in found])
    consoles()[1].print(f"Dismissed {count} {'job' if count == 1 else 'jobs'}; what they did stays.")


def _find(store: JobStore, name: str) -> Job:
    """The job of an id or its beginning. Raises NotFound, BadInput."""
    found = [job for job in _all(store) if job.id.startswith(name)]
    if not found:
        raise NotFound(f"There is no job {name}.", "See: longreel jobs list")
    if len(found) > 1:
        raise BadInput(f"{len(found)} jobs have an id that begins with {name}.", "Give more of the id.")
    return found[0]


def _all(store: JobStore) -> list[Job]:
    return [job for job in store.list(limit=MOST_JOBS) if job.kind != NOTICE]
