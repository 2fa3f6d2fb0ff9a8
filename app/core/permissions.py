"""Permissions of written files: only the user may read a library; exports follow the user's umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OTHERS = 0o077
_before: list[int] = []


def make_private(folder: Path) -> None:
    """From now on this process writes files for its user alone, and what is in the folder becomes so.

    Files of others in it stay as they are.
    """
    before = os.umask(_OTHERS)
    if not _before:
        _before.append(before)
    modes = [entry.stat(follow_symlinks=False).st_mode for entry in os.scandir(folder) if not entry.is_symlink()]
    if not any(mode & _OTHERS for mode in (folder.stat().st_mode, *modes)):
        return
    for here, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(here, name) for name in names), Path(here)):
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(path.stat().st_mode & ~_OTHERS)


@contextmanager
def usual_permissions() -> Iterator[None]:
    """Files written inside the block, such as exports, have the usual permissions of the user's files."""
    private = os.umask(_before[0]) if _before else None
    try:
        yield
    finally:
        if private is not None:
            os.umask(private)


def write_private(path: Path, content: bytes) -> None:
    """Writes a whole file that only its owner can read, or leaves what is there. Raises OSError."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
