"""The summary of a collection: the form, the summary, and each video in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from app.api.schemas import VideoOut
from app.api.schemas.collections import CollectionOut
from app.api.schemas.summaries import CollectionSummaryOut
from app.core.events import StageProgress
from ui.render.markup import note, safe
from ui.render.summaries import SummaryForm, choices, phrased_by, point, sections

HEAD = (
    "<h2>Summarize a collection</h2><p><small>Each sentence cites its video and moment. "
    "Only what changed since the last time takes long.</small></p>"
)


def panel(
    collections: Sequence[CollectionOut], opened: str, chosen: SummaryForm, inner: str = "", *, busy: bool = False
) -> str:
    """The form with the collections, where `opened` (an id) is selected, and the summary below. `inner` is HTML."""
    filled = [one for one in collections if one.size]
    if not filled:
        empty = "Give videos a tag in the library: videos with the same tag form a collection, to summarize here."
        return HEAD + note(empty)
    options = "".join(
        f'<option value="{safe(one.id)}"{" selected" if one.id == opened else ""}>{safe(one.name)} ({one.size})'
        "</option>"
        for one in filled
    )
    return (
        f'{HEAD}<form id="lr-together-form" class="lr-bar" aria-label="Summarize a collection">'
        f'<p><label for="lr-together-collection">Collection</label>'
        f'<select id="lr-together-collection" name="collection">{options}</select></p>{choices(chosen, "together")}'
        f'<button type="submit" class="lr-main"{" disabled" if busy else ""}>Summarize</button></form>'
        f'<div class="lr-together"{" aria-busy=true" if busy else ""}>{inner}</div>'
    )


def waiting(progress: StageProgress | None) -> str:
    """Shown while a job writes the summary."""
    state = "Waiting for its turn"
    if progress is not None:
        state = f"Summarizing: {progress.done:.0f} of {progress.total - 1:.0f} videos"
    return f'<p role="status" class="lr-now">{state}</p>'


def written(summary: CollectionSummaryOut, videos: Sequence[VideoOut]) -> str:
    """The summary of the videos together, and each in a sentence."""
    by_id, numbers = {video.id: video for video in videos}, count(1)
    text = sections(summary.sections, numbers, by_id, named=True)
    if not text:
        text = note("There is nothing to summarize: nothing is said or written in these videos.")
    lines = "".join(
        f'<li><span class="lr-text"><b>{safe(one.title)}</b>: '
        f"{point(one.point, numbers, by_id) if one.point else '<small>not summarized yet</small>'}</span></li>"
        for one in summary.videos
    )
    each = f'<h3>Each video</h3><ul class="lr-points">{lines}</ul>'
    return f"{text}{each}{phrased_by(summary.model)}"
