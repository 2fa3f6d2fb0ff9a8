"""Who has a library: a server or a worker that keeps its stores open takes a lock that dies with its process.

The embedded index belongs to one process. Two servers over one library would each claim jobs that only one can do.
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
def owned(settings: Settings, owner: str) -> Iterator[None]:
    """The library belongs to this process while the block runs; `owner` tells others what it is.

    With a Chroma server a library may have many processes: then nothing is locked. Raises InUse, which names the owner.
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
            raise _in_use(settings.data, os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace")) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{owner}, process {os.getpid()}".encode()[:_LONGEST], 0)
        yield
    finally:
        os.close(descriptor)


def owner_of(data: Path) -> str:
    """What has a library now; "" when nothing has."""
    try:
        descriptor = os.open(data / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, _LONGEST, 0).decode("utf-8", "replace") or "another process"
    finally:
        os.close(descriptor)
    return ""


def _in_use(data: Path, owner: str) -> InUse:
    return InUse(
        f"The library in {data} belongs to another process: {owner or 'it did not say which'}.",
        "Use that one, or stop it first. To share a library, set LONGREEL_CHROMA_URL for all its processes.",
    )
