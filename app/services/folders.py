"""Finds the video and sound files below a folder, without the system's own files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

MEDIA_SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".mpeg", ".flv", ".wmv", ".3gp"),
        *(".m2ts", ".m2t", ".vob", ".asf", ".f4v", ".3g2", ".dv", ".rm", ".rmvb", ".wtv", ".mxf", ".nut"),
        *(".h264", ".264", ".hevc", ".265", ".ogv", ".ogg", ".mp3", ".m4a", ".wav", ".flac", ".aac", ".opus"),
        *(".mka", ".wma", ".aiff", ".aif"),
    }
)
RECENT_S = 10.0
"""A file changed this recently may still be being written."""
LOOK_EVERY_S = 1.0
WAIT_S = 60.0
"""How long to wait for growing files."""

_BINS = frozenset(
    {
        *("@eadir", "@recycle", "@recently-snapshot", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "recycler"),
        *("@sharebin", "@sharesnap", "trashbox", "~snapshot", "recycled", "__macosx", "found.000"),
        *("system volume information", "lost+found", "network trash folder", "temporary items"),
    }
)
"""Bins, old versions and previews of network drives and Windows; on other systems, these start with a dot."""
_UNFINISHED = (".download", ".part", ".crdownload", ".aria2")
"""Endings of the folder in which a program collects a download, or of its own file beside it."""


def media_files(folder: Path) -> Iterator[Path]:
    """The media files below a folder, sorted by name within each folder.

    Skips hidden files and folders, bins, old versions and unfinished downloads, links that lead out of the folder, and
    links to folders, which could form a loop.
    """
    root = folder.resolve()
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not (_is_kept_by_system(name) or name.endswith(_UNFINISHED)))
        for name in sorted(names):
            path, is_unfinished = Path(place, name), any(name + ending in names for ending in _UNFINISHED)
            if path.suffix.lower() in MEDIA_SUFFIXES and not is_unfinished and _is_inside(path, root):
                yield path


def split_growing(
    paths: Sequence[Path],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[Path], list[Path]]:
    """Splits files into complete ones and those that still grow after a wait. Waits only for recent files."""
    until = clock() + WAIT_S
    looks = {path: _look(path) for path in paths}
    growing = {path for path, look in looks.items() if look is not None and clock() - look[1] < RECENT_S}
    while growing and clock() < until:
        sleep(LOOK_EVERY_S)
        now = {path: _look(path) for path in growing}
        growing = {path for path in growing if now[path] != looks[path]}
        looks |= now
    return [path for path in paths if path not in growing], [path for path in paths if path in growing]


def _is_kept_by_system(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _BINS


def _is_inside(path: Path, root: Path) -> bool:
    """Whether it is a file below the root, and neither it nor what it links to is kept by the system."""
    try:
        places = [path, path.resolve()] if path.is_symlink() else [path]
        names = [name for place in places for name in place.relative_to(root).parts]
        return path.is_file() and not any(map(_is_kept_by_system, names))
    except (OSError, RuntimeError, ValueError):
        return False


def _look(path: Path) -> tuple[int, float] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime
