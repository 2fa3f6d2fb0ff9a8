"""Paths as people type them: any text, even an address or something that cannot be a path."""

from __future__ import annotations

from pathlib import Path

IMPOSSIBLE = (OSError, RuntimeError, ValueError)
"""What Python raises for a name that is too long, an unknown user, a loop of links, a NUL."""


def readable(text: str) -> str:
    """The text in a form that any output accepts: bytes of a file name that are not UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def is_address(name: str) -> bool:
    """Whether a name is an address on the web rather than a file."""
    return name.lower().startswith(("http://", "https://"))


def path_of(name: str) -> Path:
    """The absolute path of a name, with `~` and links followed; the bare name where that is impossible."""
    try:
        return Path(name).expanduser().resolve()
    except IMPOSSIBLE:
        return Path(name)


def existing(name: str) -> Path | None:
    """The path as written, with `~` expanded, if something exists there."""
    try:
        path = Path(name).expanduser()
        return path if path.exists() else None
    except IMPOSSIBLE:
        return None


def is_folder(path: Path) -> bool:
    """Whether there is a folder at a path; False also when that cannot be determined."""
    try:
        return path.is_dir()
    except IMPOSSIBLE:
        return False
