"""The agent's steps as listed on the page."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.events import Called, Delta, Event, ToolStarted


def shown(trace: Sequence[Event]) -> list[Event]:
    """The steps worth a line: the start of a tool only while it runs, and no pieces of text."""
    finished = {event.call_id for event in trace if isinstance(event, Called)}
    return [
        event
        for event in trace
        if not isinstance(event, Delta) and not (isinstance(event, ToolStarted) and event.call_id in finished)
    ]


def being_written(trace: Sequence[Event]) -> str:
    """The text that the model is writing now; empty if its last step was something else."""
    text = ""
    for event in trace:
        text = text + event.text if isinstance(event, Delta) else ""
    return text.strip()
