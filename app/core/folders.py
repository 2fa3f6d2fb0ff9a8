"""Where Longreel keeps its files: one folder, LONGREEL_HOME, and the two folders of earlier versions.

Earlier versions had the models in ~/.cache/longreel and the library in ~/.local/share/longreel. Where these exist, they
are used until they are moved.
"""

from __future__ import annotations

import os
from pathlib import Path

HOME = "LONGREEL_HOME"
LIBRARY = "LONGREEL_DATA"
DATABASE = "longreel.sqlite"
SETTINGS_FILE = "longreel.toml"


def home() -> Path:
    """LONGREEL_HOME, else a folder below the user's home."""
    configured = os.environ.get(HOME)
    return Path(os.path.expanduser(configured)) if configured else _standard()


def library(home: Path) -> Path:
    """The library of a home folder."""
    folder = home / "library"
    was_used_before = home == _standard() or (home / "models").is_dir()
    holds_library = (_standard() / DATABASE).is_file()
    return _standard() if was_used_before and holds_library and not folder.is_dir() else folder


def models(home: Path) -> Path:
    """The prepared model files of a home folder."""
    folder, earlier = home / "models", _cache() / "models"
    return earlier if home == _standard() and earlier.is_dir() and not folder.is_dir() else folder


def settings_file() -> Path:
    """The file with the settings."""
    return home() / SETTINGS_FILE


def earlier_folders(home: Path) -> list[str]:
    """A sentence for each folder of an earlier version that is still in use, with the command that moves it."""
    moves = []
    if not os.environ.get(LIBRARY) and library(home) != home / "library":
        moves.append(f"The library is still in {_standard()}: set {LIBRARY} to it, or move it to {home / 'library'}.")
    if models(home) != home / "models":
        moves.append(f"The models are still in {_cache() / 'models'}: move this folder to {home / 'models'}.")
    return moves


def _standard() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "longreel"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "longreel"
