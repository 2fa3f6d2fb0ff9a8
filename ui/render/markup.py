"""Sentences that take the place of a part of the page, and dates in words."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from app.core.errors import LongreelError
from ui.render.templates import fill


def note(text: str) -> Markup:
    """A sentence in a quiet style."""
    return fill("note.html", text=text)


def problem(error: LongreelError) -> Markup:
    """An error as a sentence, with what to do."""
    return fill("problem.html", error=error)


def date_in_words(text: str) -> str:
    """A date as 3 May 2026, 10:00 UTC; what is no complete date stays as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    time = f", {when:%H:%M} {when.tzname() or ''}".rstrip() if ":" in text else ""
    return f"{when.day} {when:%B %Y}{time}"
