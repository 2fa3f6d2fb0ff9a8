"""The summary of a collection: which one and how, what it tells, and each video in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from app.api.schemas import VideoOut
from app.api.schemas.collections import CollectionOut
from app.api.schemas.summaries import CollectionSummaryOut, VideoLineOut
from app.core.events import StageProgress
from ui.render.citations import Videos
from ui.render.markup import note, safe
from ui.render.summaries import Numbers, SummaryForm, choices, phrased_by, point, sections

HEAD = (
    "<h2>A collection in short</h2><p><small>Each sentence says which video and moment it comes from. "
    "Only what changed since the last time takes long.</small></p>"
)


def panel(
    found: Sequence[CollectionOut], opened: str, chosen: SummaryForm, inner: str = "", *, busy: bool = False
) -> str:
    """The form with the collections, `opened` chosen by its id, and below it what there is to read. `inner` is HTML."""
    filled = [one for one in found if one.size]
    if not filled:
        empty = "Give videos a tag in the library: those with the same tag are a collection, which is summarized here."
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
    """While a job makes it."""
    told = "Waiting for its turn"
    if progress is not None:
        told = f"Summarizing: {progress.done:.0f} of {progress.total - 1:.0f} videos"
    return f'<p role="status" class="lr-now">{told}</p>'


def made(summary: CollectionSummaryOut, videos: Sequence[VideoOut]) -> str:
    """What the videos tell together, and each in a sentence."""
    by_id, numbers = {video.id: video for video in videos}, count(1)
    told = sections(summary.sections, numbers, by_id, named=True)
    if not told:
        told = note("There is nothing to summarize: nothing is said or written in these videos.")
    lines = "".join(f"<li>{_line(one, numbers, by_id)}</li>" for one in summary.videos)
    each = f'<h3>Each video</h3><ul class="lr-points">{lines}</ul>'
    return f"{told}{each}{phrased_by(summary.model)}"


def _line(line: VideoLineOut, numbers: Numbers, videos: Videos) -> str:
    told = point(line.point, numbers, videos) if line.point else "<small>nothing is known of it yet</small>"
    return f'<span class="lr-text"><b>{safe(line.title)}</b>: {told}</span>'
