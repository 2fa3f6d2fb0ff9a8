"""Text files that people write: questions, lists, annotations."""

from __future__ import annotations

from pathlib import Path

from app.core.errors import BadInput


def read_text(path: Path, advice: str = "Save it as UTF-8.") -> str:
    """The text of a file that the user wrote. Raises BadInput, with `advice` where it is no UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text.", advice) from error
