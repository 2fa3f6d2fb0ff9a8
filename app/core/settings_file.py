"""`longreel.toml`: settings in a file, which environment variables override."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.core.errors import BadSettings, StorageFull
from app.core.permissions import write_private

_HEADER = "Settings of Longreel. Environment variables win over this file. See docs/settings.md."


def read_settings_file(path: Path) -> dict[str, Any]:
    """The values in the file; none if there is no file. Raises BadSettings."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise BadSettings(f"{path} cannot be read ({error.strerror}).", "Make it readable for you.") from error
    except ValueError as error:
        raise BadSettings(f"{path} is not valid TOML: {error}.", "Correct this line.") from error


def write_settings_file(path: Path, values: Mapping[str, str | float | None]) -> None:
    """Sets values in the file, and removes those that are None; a dot separates a group from a name in it.

    Comments and other values stay. The file may contain keys, so only its owner can read it.
    Raises BadSettings, StorageFull; then it is as before.
    """
    import tomlkit

    read_settings_file(path)  # refuses a file that someone has broken since the start
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        if not path.exists():
            document.add(tomlkit.comment(_HEADER))
        for name, value in values.items():
            group, _, key = name.rpartition(".")
            table: Any = document.setdefault(group, tomlkit.table()) if group else document
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
        write_private(path, tomlkit.dumps(document).encode())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull(f"{path} cannot be written: the disk is full.", "Free some space, then again.") from error
        raise BadSettings(
            f"{path} cannot be written ({error.strerror}).", "Set LONGREEL_HOME to another folder."
        ) from error
