"""Watches a folder: finds its new and complete files.

A file is whole when it looked the same, in size and date, at two looks that are some seconds apart: whatever
writes it has ended, or rests. What was taken once is not taken again until it changes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import BadInput
from app.core.paths import is_folder
from app.db.schedules import FileState
from app.services.folders import RECENT_S, media_files

SETTLE_S = RECENT_S
"""How long a file must look the same before it is taken."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look into a folder showed."""

    new: tuple[Path, ...] = ()
    """Files that are whole and were not taken before, in order of their names."""
    waiting: int = 0
    """Files that may still be written."""
    looks: dict[str, FileState] = field(default_factory=dict)
    """What changed since the last look, to be kept once the new files are taken care of."""


def look_into(folder: Path, before: Mapping[str, FileState], deleted: Container[tuple[str, int]], now: float) -> Seen:
    """Compares a folder, and those below it, with what was seen in it before. Raises BadInput when it is gone.

    `deleted` has path and size of the videos in the bin: such a file stays deleted.
    """
    if not is_folder(folder):
        raise BadInput(f"There is no folder {folder}.", "Check that its disk is there, or change the schedule.")
    new: list[Path] = []
    looks: dict[str, FileState] = {}
    waiting = 0
    for path in sorted(media_files(folder)):
        try:
            state = path.stat()
        except OSError:
            continue  # it went away, or nobody may look at it
        size, look = state.st_size, f"{state.st_size}-{state.st_mtime_ns}"
        if not size:
            continue
        key = file_key(path)
        seen = before.get(key)
        if seen is None or seen.look != look:
            seen = looks[key] = FileState(look, now, taken=(str(path), size) in deleted)
        if seen.taken:
            continue
        if now - seen.seen_at < SETTLE_S:
            waiting += 1
        else:
            looks[key] = FileState(look, seen.seen_at, taken=True)
            new.append(path)
    return Seen(tuple(new), waiting, looks)


def file_key(path: Path) -> str:
    """A short name of a path: its SHA-256."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()
