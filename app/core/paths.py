"""Paths that people write: any text, also one that can be no path, and addresses in their place."""

from __future__ import annotations

from pathlib import Path

IMPOSSIBLE = (OSError, RuntimeError, ValueError)
"""What Python raises for a name that is too long, a person that there is not, a loop of links, a NUL."""


def readable(text: str) -> str:
    """The text as any output takes it: question marks for the bytes of a file's name that are no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_address(name: str) -> bool:
    """Whether a person means something on the web rather than a file."""
    return name.lower().startswith(("http://", "https://"))


def path_of(name: str) -> Path:
    """The absolute path that a name means, `~` and links followed; the bare name where that is impossible."""
    try:
        return Path(name).expanduser().resolve()
    except IMPOSSIBLE:
        return Path(name)


def existing(name: str) -> Path | None:
    """The path as it was written, with `~` opened up, when something is there."""
    try:
        path = Path(name).expanduser()
        return path if path.exists() else None
    except IMPOSSIBLE:
        return None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False also where that cannot be found out."""
    try:
        return path.is_dir()
    except IMPOSSIBLE:
        return False
