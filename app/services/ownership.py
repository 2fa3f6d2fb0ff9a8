"""Locks a library for one server or worker. The lock ends with its process.

The embedded index allows only one process. Two servers on one library would both claim jobs that only one can do.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import InUse
from app.core.settings import Settings

LOCK = "owner.lock"
_LONGEST = 500


@contextmanager
def owned(settings: Settings, owner: str, address: str = "") -> Iterator[None]:
    """Locks the library for this process while the block runs; `owner` describes it to others.

    `address` is where programs on this machine reach the owner, if it is a server. With a Chroma server, many processes
    can share a library, so nothing is locked. Raises InUse, naming the owner.
    """
    if settings.chroma_url:
        yield
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = _read(descriptor)[0] or "its name is unknown"
            raise InUse(
                f"The library in {settings.data} is in use by another process: {other}.",
                "Use that one, or stop it first. To share a library, set LONGREEL_CHROMA_URL for all its processes.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{owner}, process {os.getpid()}\n{address}".encode()[:_LONGEST], 0)
        yield
    finally:
        os.close(descriptor)


def owner_of(data: Path) -> str:
    """The library's current owner; "" if there is none."""
    return _owner(data)[0]


def server_of(settings: Settings) -> str:
    """The address of the server that owns the library; "" if none does."""
    return _owner(settings.data)[1]


def _owner(data: Path) -> tuple[str, str]:
    """The current owner in words, and its address if it is a server."""
    try:
        descriptor = os.open(data / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return "", ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        owner, address = _read(descriptor)
        return owner or "another process", address
    finally:
        os.close(descriptor)
    return "", ""


def _read(descriptor: int) -> tuple[str, str]:
    """What the lock file says."""
    owner, _, address = os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace").partition("\n")
    return owner, address
