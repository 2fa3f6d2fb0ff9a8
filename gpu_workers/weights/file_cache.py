"""A cache of files that are built once: completely or not at all, by one process at a time.

A file is written under a temporary name and renamed, under a lock that other processes wait for. A stamp
records the size and time of a file whose checksum was verified, so later starts need not read it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import MissingPart, StorageFull

logger = logging.getLogger(__name__)

BLOCK = 4 << 20
"""Bytes read at a time: joining files never holds more than this in memory."""


def make_once(place: Path, what: str, build: Callable[[Path], None]) -> Path:
    """Returns `place`, calling `build` to write it if it is missing or no longer what was written.

    `what` names it in errors. Raises StorageFull.
    """
    if not _is_whole(place):
        with making(place, what) as fresh:
            if not _is_whole(place):
                build(fresh)
                _reach_the_disk(fresh)
                fresh.replace(place)
                remember(place, _sha256(place))
                logger.info("Prepared %s", place)
    return place


def looks_whole(file: Path) -> bool:
    """Whether the file has a stamp and the size that was written; it is not read."""
    stamp = _stamp(file)
    try:
        return stamp is not None and file.stat().st_size == stamp["size"]
    except OSError:
        return False


def reread(file: Path) -> bool:
    """Whether the content of a file is what was written; if not, it will be written again."""
    stamp = _stamp(file)
    if stamp is None or _sha256(file) == stamp["sha256"]:
        return True
    file.unlink()
    return False


def _is_whole(file: Path) -> bool:
    """Whether the file is what was written. Not known without a stamp, so false."""
    stamp = _stamp(file)
    return stamp is not None and is_right(file, int(stamp["size"]), str(stamp["sha256"]))


def _stamp(file: Path) -> dict[str, int | str] | None:
    try:
        read = json.loads(_stamp_path(file).read_text(encoding="utf-8"))
        return {"size": int(read["size"]), "sha256": str(read["sha256"]), "mtime_ns": int(read["mtime_ns"])}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def making(place: Path, what: str) -> Iterator[Path]:
    """Holds the lock of a file and yields the temporary name to write to. Raises StorageFull, MissingPart.

    It waits until no other process builds the same file. The lock of a process that dies is released.
    """
    from filelock import FileLock

    fresh = place.with_name(place.name + ".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_name(place.name + ".lock")):
            try:
                yield fresh
            finally:
                fresh.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk of {place.parent} is full: {what} could not be prepared.",
                "Free some space or set LONGREEL_HOME to a larger disk, then try again.",
            ) from error
        raise MissingPart(
            f"{what} could not be prepared in {place.parent}: {error.strerror or error}.",
            "Set LONGREEL_HOME to a folder that you can write to.",
        ) from error


def join(parts: Sequence[Path], fresh: Path, report: Callable[[float], None]) -> str:
    """Concatenates the parts, reporting bytes; returns the SHA-256 of the whole."""
    digest, written = hashlib.sha256(), 0
    with fresh.open("wb") as joined:
        for part in parts:
            with part.open("rb") as stream:
                while block := stream.read(BLOCK):
                    joined.write(block)
                    digest.update(block)
                    written += len(block)
                    report(written)
    _reach_the_disk(fresh)
    return digest.hexdigest()


def was_checked(file: Path, sha256: str) -> bool:
    """Whether the stamp says that the file, by its size and time, has this SHA-256."""
    try:
        return _stamp(file) == _identity(file, sha256)
    except OSError:
        return False


def is_right(file: Path, size: int, sha256: str) -> bool:
    """Whether the file was checked before, or passes the check now."""
    if was_checked(file, sha256):
        return True
    try:
        if file.stat().st_size != size:
            return False
        before = _identity(file, sha256)
        digest = _sha256(file)
    except OSError:
        return False
    if digest != sha256:
        return False
    _write_stamp(file, before)
    return True


def remember(file: Path, sha256: str) -> None:
    """Records that the file in its present state has this SHA-256."""
    _write_stamp(file, _identity(file, sha256))


def _stamp_path(file: Path) -> Path:
    return file.with_name(file.name + ".checked.json")


def _identity(file: Path, sha256: str) -> dict[str, int | str]:
    facts = file.stat()
    return {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns, "sha256": sha256}


def _write_stamp(file: Path, identity: dict[str, int | str]) -> None:
    stamp = _stamp_path(file)
    fresh = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(identity), encoding="utf-8")
        fresh.replace(stamp)
    except OSError as error:
        logger.info("Could not remember that %s was checked: %s", file, error)


def _reach_the_disk(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
