"""The command that connects a server of models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.commands.start import JsonOption
from app.core import folders
from app.core.settings import load_settings
from app.terminal import consoles

if TYPE_CHECKING:
    from app.services.connection import Connection
    from gpu_workers.language.server_models import ServerOffer

_WRITTEN = ("LONGREEL_PROFILE", "LONGREEL_LLM_URL", "LONGREEL_LLM_MODEL", "LONGREEL_LLM_KEY", "LONGREEL_VLM_URL")


def connect(
    url: Annotated[str, typer.Argument(help="The server's address, such as http://localhost:11434.")],
    model: Annotated[str, typer.Option(help="The model to use; default: the first that sees.")] = "",
    key: Annotated[str, typer.Option(help="The server's API key, if it needs one.", envvar="LONGREEL_LLM_KEY")] = "",
    list_only: Annotated[bool, typer.Option("--list", help="List the server's models and change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Connect a server of models (Ollama, LM Studio, vLLM, a vendor), so that Longreel can see.

    Lists the server's models, shows them a small picture until one sees, and writes the settings into longreel.toml.
    Example: longreel connect http://localhost:11434
    """
    from app.services import connection
    from gpu_workers.language.server_models import list_models

    out, err = consoles()
    settings = load_settings()
    if list_only:
        offer = list_models(url, key)
        if as_json:
            out.print_json(data=_listed(offer, None))
        else:
            out.print(_table(offer, None))
        return
    probed = connection.connect(
        url,
        key=key,
        model=model,
        on_try=lambda name: err.print(f"Trying {escape(name)} with a small picture ..."),
        on_wait=lambda news: err.print(f"{escape(news)} Waiting ...", soft_wrap=True),
    )
    connection.save(probed, key)
    if as_json:
        out.print_json(data=_listed(probed.offer, probed))
        return
    out.print(_table(probed.offer, probed))
    can = "sees" if probed.chosen.sees else "reads text, but does not see"
    out.print(f"Connected: [bold]{escape(probed.chosen.model.name)}[/] at {escape(probed.offer.url)} {can}.")
    out.print(f"The settings are in {escape(str(folders.settings_file()))}.", soft_wrap=True)
    for note in (*probed.notes, *_obstacles(settings.data)):
        err.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)


def _obstacles(data: Path) -> list[str]:
    """What keeps the written settings from taking effect: the environment, or a server that runs already."""
    from app.services.ownership import owner_of

    notes = []
    names = [name for name in _WRITTEN if os.environ.get(name) and name != "LONGREEL_LLM_KEY"]
    if names:
        notes.append(f"{', '.join(names)} in your environment win over this file: unset them.")
    if owner := owner_of(data):
        notes.append(f"Restart {owner.partition(',')[0]}, which still has the earlier settings.")
    return notes


def _table(offer: ServerOffer, connection: Connection | None) -> Table:
    table = Table("model", "sees", box=None)
    for one in offer.models:
        trial = next((trial for trial in connection.trials if trial.model == one), None) if connection else None
        if trial is not None:
            sees = "[green]yes[/], tried" if trial.sees else "no, tried" if trial.capabilities else "[red]failed[/]"
        elif not one.chats:
            sees = "no, it does not chat"
        else:
            sees = {True: "yes, says the server", False: "no", None: "not tried"}[one.sees]
        table.add_row(escape(one.name), sees)
    return table


def _listed(offer: ServerOffer, connection: Connection | None) -> dict[str, object]:
    tried = {trial.model.name: trial for trial in connection.trials} if connection else {}
    models = [
        {
            "name": one.name,
            "sees": tried[one.name].sees if one.name in tried else one.sees,
            "tried": one.name in tried,
            "problem": tried[one.name].problem if one.name in tried else "",
        }
        for one in offer.models
    ]
    chosen = connection.chosen.model.name if connection else None
    return {"url": offer.url, "model": chosen, "models": models, "notes": list(connection.notes) if connection else []}
