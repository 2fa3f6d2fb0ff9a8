"""The summary of a collection: the form, the summary, and each video in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from markupsafe import Markup

from app.api.schemas import VideoOut
from app.api.schemas.collections import CollectionOut
from app.api.schemas.summaries import CollectionSummaryOut
from app.core.events import StageProgress
from ui.render.summaries import SummaryForm, author, cite, cite_all, fields
from ui.render.templates import NOTHING, fill


def panel(
    collections: Sequence[CollectionOut],
    opened: str,
    chosen: SummaryForm,
    inner: Markup = NOTHING,
    *,
    busy: bool = False,
) -> Markup:
    """The form with the collections, where `opened` (an id) is selected, and the summary below."""
    filled = [one for one in collections if one.size]
    return fill("together.html", collections=filled, opened=opened, inner=inner, busy=busy, **fields(chosen))


def waiting(progress: StageProgress | None) -> Markup:
    """Shown while a job writes the summary."""
    if progress is None:
        return fill("now.html", text="Waiting for its turn")
    return fill("now.html", text=f"Summarizing: {progress.done:.0f} of {progress.total - 1:.0f} videos")


def written(summary: CollectionSummaryOut, videos: Sequence[VideoOut]) -> Markup:
    """The summary of the videos together, and each in a sentence."""
    by_id, numbers = {video.id: video for video in videos}, count(1)
    return fill(
        "collection_summary.html",
        sections=cite_all(summary.sections, numbers, by_id),
        videos=[(one.title, cite([one.point] if one.point else [], numbers, by_id)) for one in summary.videos],
        author=author(summary.model),
    )
