"""What `longreel summarize` shows: an estimate, then a live table, or plain lines without a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from app.core.errors import LongreelError
from app.core.events import Event, StageFinished, StageProgress, StageStarted, Warned
from app.core.timecode import clock
from app.services.batches import Cost
from app.terminal import Tenths

ROWS = 20
"""The number of videos that the live table shows at once."""


def show_cost(console: Console, cost: Cost) -> None:
    """Prints an estimate of what the batch will take."""
    known = f"{clock(cost.known_s)} of video already ingested" if cost.known_s else ""
    new = f"{cost.new} new with {clock(cost.new_s)} to ingest" if cost.new else "nothing new to ingest"
    videos = "1 video" if cost.videos == 1 else f"{cost.videos} videos"
    last = "the last video" if cost.measured == 1 else f"the last {cost.measured} videos"
    basis = f"as {last} took here" if cost.measured else "as other machines take"
    console.print(
        f"{videos}: {', '.join(part for part in (new, known) if part)}. "
        f"At most about {clock(cost.work_s)} of work, {basis}; {cost.disk_bytes / 1e6:.0f} MB of disk, "
        f"{cost.tokens} tokens.",
        soft_wrap=True,
    )


class BatchTable:
    """A table of videos with the progress of each; listens to the events of one video at a time."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._console = console
        self._names = list(names)
        self._states = ["waiting"] * len(names)
        self._current = 0
        self._begun = 0.0
        self._reused = True
        self._tenths = Tenths()
        self._lock = threading.Lock()
        self._live = Live(console=console, refresh_per_second=4, transient=False, get_renderable=self._table)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def begin(self, number: int) -> None:
        """Marks a video as begun."""
        with self._lock:
            self._current, self._begun, self._reused = number, time.monotonic(), True
        self._set("[cyan]begins[/]", line=False)

    def end(self, number: int) -> None:
        """Marks a video as done."""
        took = "re-used" if self._reused else clock(time.monotonic() - self._begun)
        self._current = number
        self._set(f"[green]done[/] {took}", line=True)

    def fail(self, number: int, error: LongreelError) -> None:
        """Marks a video as failed."""
        self._current = number
        self._set(f"[red]failed[/] {escape(error.message)}", line=True)

    def on_event(self, event: Event) -> None:
        """Shows the progress of the current video; called from several threads."""
        if isinstance(event, StageStarted):
            self._tenths.begin(event.stage)
            self._set(f"[cyan]{event.stage}[/]", line=False)
        elif isinstance(event, StageProgress):
            share = event.done / event.total if event.total else 1.0
            left = f", {clock(event.left_s)} left" if event.left_s is not None else ""
            self._set(f"[cyan]{event.stage}[/] {share:.0%}{left}", line=False)
            if not self._console.is_terminal and (tenth := self._tenths.passed(event.stage, event.done, event.total)):
                self._line(event.stage, tenth)
        elif isinstance(event, StageFinished) and not event.reused:
            self._reused = False
            if not self._console.is_terminal:
                self._line(event.stage, f"100%  {event.seconds:.1f} s")
        elif isinstance(event, Warned):
            self._console.print(f"[yellow]note[/] {escape(event.message)}")

    def _line(self, stage: str, text: str) -> None:
        self._console.print(f"  {escape(self._names[self._current])}: {stage} {text}", soft_wrap=True)

    def _set(self, state: str, *, line: bool) -> None:
        with self._lock:
            self._states[self._current] = state
        if line and not self._console.is_terminal:
            name = escape(self._names[self._current])
            self._console.print(f"[{self._current + 1}/{len(self._names)}] {name}: {state}", soft_wrap=True)

    def _table(self) -> RenderableType:
        table = Table("", "video", "state", box=None)
        first = max(0, min(self._current - ROWS // 2, len(self._names) - ROWS))
        with self._lock:
            for number in range(first, min(first + ROWS, len(self._names))):
                table.add_row(f"{number + 1}/{len(self._names)}", escape(self._names[number]), self._states[number])
        return table
