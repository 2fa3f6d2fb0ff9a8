"""What a person at a terminal sees of an answer on its way."""

from __future__ import annotations

import io

from rich.console import Console

from app.core.events import Warned
from app.terminal import show_step


def test_a_warning_is_shown_as_it_is_written() -> None:
    console = Console(file=io.StringIO(), width=200)
    show_step(console, Warned("Not read to the end yet: [red]Talk[/]."))
    assert isinstance(console.file, io.StringIO)
    assert "Not read to the end yet: [red]Talk[/]." in console.file.getvalue()
