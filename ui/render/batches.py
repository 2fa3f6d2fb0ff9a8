"""Many videos at once: what to do, what it costs, its progress, and failures."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas import VideoOut
from app.api.schemas.batches import BatchOut
from ui.render.library import cards, count_tags
from ui.render.queue import ACTIVE
from ui.render.summaries import FILES, SummaryForm, fields
from ui.render.templates import fill

TICKED = ("md", "docx")
"""Formats that are ticked by default."""
STATES = {
    "queued": "Waiting",
    "running": "At work",
    "finished": "Finished",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


def form(videos: Sequence[VideoOut]) -> Markup:
    """The form for a new batch. The page's script shows the cost and starts it."""
    return fill(
        "batch_form.html",
        cards=cards(videos),
        tags=count_tags(videos),
        files=FILES,
        ticked=TICKED,
        **fields(SummaryForm()),
    )


def batches(items: Sequence[BatchOut], videos: Sequence[VideoOut]) -> Markup:
    """Batches, newest first; the page's script updates the progress."""
    titles = {video.id: video.title for video in videos}
    return fill("batches.html", batches=items, titles=titles, states=STATES, active=ACTIVE)
