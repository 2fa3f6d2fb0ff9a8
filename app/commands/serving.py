"""Commands that run and examine the installation: serve, worker, doctor."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import warnings
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.style import Style
from rich.table import Table
from rich.text import Text

from app.commands.start import JsonOption, open_alone, open_longreel
from app.core.settings import load_settings
from app.services.ownership import owned
from app.terminal import consoles

MOST_CONNECTIONS = 500
"""More connections than this get a 503 at once."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address; a public one needs LONGREEL_SERVER__API_KEY.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default: 7860.")] = None,
    warm_up: Annotated[
        bool, typer.Option("--warm-up", help="Load the models that answering needs before the first question.")
    ] = False,
) -> None:
    """Start the web page, the REST API and the workers in one process."""
    import uvicorn

    from app.api.connections import TimedConnection
    from app.main import create_app

    # Gradio uses a name that Starlette is renaming; whoever runs the server can do nothing about it.
    warnings.filterwarnings("ignore", message=".*HTTP_422_UNPROCESSABLE_ENTITY.*")
    settings = load_settings()
    options = (("host", host), ("port", port), ("warm_up", warm_up or None))
    changes = {name: value for name, value in options if value is not None}
    settings = settings.model_copy(update={"server": settings.server.model_copy(update=changes)})
    shown = settings.server.public_url or settings.server.url
    with owned(settings, f"the server at {shown}", settings.server.local_url if settings.server.port else ""):
        application = create_app(settings)
        linked = Text(shown, Style(link=shown))
        message = Text.assemble("Longreel is at ", linked, f" (API: {shown}/v1/openapi.json). Stop it with Ctrl-C.")
        consoles()[1].print(message)
        for name in ("uvicorn.error", "mcp.server.streamable_http"):
            logging.getLogger(name).addFilter(_is_no_cut_stream)
        uvicorn.run(
            application,
            http=TimedConnection,
            host=settings.server.host.strip("[]"),
            port=settings.server.port,
            proxy_headers=False,  # app.api.proxies reads them
            log_level="warning",
            timeout_graceful_shutdown=3,
            limit_concurrency=MOST_CONNECTIONS,
        )


def _is_no_cut_stream(record: logging.LogRecord) -> bool:
    """False for the traceback of a stream that ends with the server, and of a request that its sender gave up."""
    from starlette.requests import ClientDisconnect

    cut = (asyncio.CancelledError, ClientDisconnect)
    return not (record.exc_info and isinstance(record.exc_info[1], cut))


def worker() -> None:
    """Process queued jobs until Ctrl-C, beside a server that uses PostgreSQL and a Chroma server."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    settings = load_settings()
    with owned(settings, "a worker"):
        longreel = open_longreel()
        longreel.worker.start()
        longreel.webhooks.worker.start()
        consoles()[1].print("Waiting for jobs. Stop with Ctrl-C.")
        stopped.wait()
        longreel.webhooks.worker.stop(timeout_s=15.0)
        longreel.worker.stop(timeout_s=30.0)


def doctor(
    prepare: Annotated[bool, typer.Option("--prepare", help="Prepare the model files now, with progress.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare database, indexes, thumbnails and models; reads every store.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what is installed, what is missing, and the command that fixes it."""
    from app.services.doctor import examine, examine_library, examine_models

    out, err = consoles()
    settings = load_settings()
    if prepare:
        from gpu_workers.weights import packaged

        shown: dict[str, int] = {}

        def progress(name: str, done: float, total: float) -> None:
            tenth = int(10 * done / total) if total else 10
            if shown.get(name) != tenth:
                shown[name] = tenth
                err.print(f"  {name:<28} {tenth * 10:3d}%")

        # There before the models, so that models without a library do not look like an older home.
        settings.data.mkdir(parents=True, exist_ok=True)
        packaged.prepare(settings, progress)
    checks = examine(settings)
    if deep:
        longreel = open_alone("longreel doctor")
        checks += examine_models(settings)
        checks += examine_library(longreel.reindexer, longreel.library) if longreel.reindexer else []
    if as_json:
        out.print_json(data=[asdict(check) for check in checks])
    else:
        table = Table("", "part", "result", "to fix it", box=None)
        for check in checks:
            mark = "[green]ok[/]" if check.ok else "[red]missing[/]"
            table.add_row(mark, check.name, escape(check.detail), escape(check.command))
        out.print(table)
    if not all(check.ok for check in checks):
        raise typer.Exit(5)
