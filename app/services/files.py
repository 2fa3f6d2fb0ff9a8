"""Files that commands write for people."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from app.core.errors import BadInput
from app.core.permissions import usual_permissions


def write_file(path: Path, content: bytes) -> None:
    """Writes the whole file or nothing, so that a killed run leaves no partial file. Raises BadInput."""
    part = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        with usual_permissions():
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Check the folder and the disk.") from error
