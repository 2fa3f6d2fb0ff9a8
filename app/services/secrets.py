"""Encrypts callers' secrets with a key that is not stored in the database."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from app.core.errors import BadInput, MissingPart
from app.core.permissions import write_private

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Seal:
    """Encrypts short texts (Fernet: AES-128-CBC and HMAC-SHA256) with a key file that is created on first use.

    Only its owner may read the file. Programs that share a database need the same file. Raises MissingPart if it
    can be neither read nor created.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def closed(self, text: str) -> str:
        """The encrypted text; different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str:
        """The text that `closed` encrypted. Raises BadInput if the key differs."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            message = f"A secret was stored with another key than the one in {self._file.name}."
            raise BadInput(
                message, "Restore the key file that belongs to the database, or enter the secret again."
            ) from error

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        try:
            with FileLock(self._file.with_suffix(".lock")):
                if not self._file.exists():
                    write_private(self._file, Fernet.generate_key())
            return Fernet(self._file.read_bytes())
        except (OSError, ValueError) as error:
            message = f"The key file {self._file} cannot be used ({error})."
            raise MissingPart(
                message, "Check its owner and the free space; without it, stored secrets are lost."
            ) from error
