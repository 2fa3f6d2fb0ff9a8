"""The page that asks for the server's API key. Plain HTML: it works without the page's framework."""

from __future__ import annotations

from ui.render.templates import render


def login_page(problem: str, action: str = "v1/session") -> str:
    """The form, with a sentence on what was wrong ("" at first). `action` is a relative address."""
    return render("login.html", problem=problem, action=action)
