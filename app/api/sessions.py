"""Browser sessions: for some days a cookie replaces the key, until the person signs out.

A token is signed with the key, so that nothing is stored of one that runs. What is stored, in a file that all servers
of a library share, is which were ended; so a copied cookie is worth nothing after its owner has signed out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path

SESSION_S = 7 * 24 * 3600
ENDED = "ended_sessions"
"""The file's name in the folder of the library."""


class Sessions:
    """Begins, checks and ends the sessions of one key."""

    def __init__(self, key: str, ended: Path) -> None:
        """`ended` is the file with the sessions that were ended."""
        self._key = key
        self._path = ended
        self._read: tuple[int, int] | None = None
        self._ended: frozenset[str] = frozenset()

    def begin(self, now: float | None = None) -> str:
        """A token that stands for the key until it runs out, without containing it."""
        until = int((time.time() if now is None else now) + SESSION_S)
        name = f"{until}-{secrets.token_hex(8)}"
        return f"{name}.{self._signature(name)}"

    def is_valid(self, token: str, now: float | None = None) -> bool:
        """Whether a token was made from this key, has not run out, and was not ended."""
        name, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(name).encode()):
            return False
        return _until(name) > (time.time() if now is None else now) and name not in self._ended_names()

    def end(self, token: str, now: float | None = None) -> None:
        """From now on the token is worth nothing, in every process; one that is not valid changes nothing."""
        if not self.is_valid(token, now):
            return
        moment = time.time() if now is None else now
        running = [name for name in sorted(self._ended_names()) if _until(name) > moment]
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        fresh.write_text("\n".join([*running, token.partition(".")[0]]) + "\n", "ascii")
        fresh.chmod(0o600)
        fresh.replace(self._path)

    def _ended_names(self) -> frozenset[str]:
        try:
            state = self._path.stat()
        except OSError:
            return self._ended
        if self._read != (state.st_mtime_ns, state.st_ino):
            self._ended = frozenset(self._path.read_text("ascii").split())
            self._read = state.st_mtime_ns, state.st_ino
        return self._ended

    def _signature(self, name: str) -> str:
        return hmac.new(self._key.encode(), f"longreel session {name}".encode(), hashlib.sha256).hexdigest()


def _until(name: str) -> int:
    return int(name.partition("-")[0])
