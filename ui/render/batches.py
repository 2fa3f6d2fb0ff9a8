"""Many videos at once: what to do, what it costs, its progress, and failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.api.schemas import VideoOut
from app.api.schemas.batches import BatchOut
from app.core.timecode import clock
from ui.render.library import box, ticks
from ui.render.markup import note, safe
from ui.render.summaries import FILES, SummaryForm, choices

CHOSEN = ("md", "docx")
"""Formats that are ticked by default."""
STATES = {
    "queued": "Waiting",
    "running": "At work",
    "finished": "Finished",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
ACTIVE = ("queued", "running")

EMPTY = (
    '<div class="lr-empty"><p><b>No batch yet.</b></p><ol><li>Tick videos above, choose a length and a style, and type '
    "questions to ask each of them.</li><li>You see an estimate before it starts, and a line for each video while it "
    "runs.</li><li>At the end you get one archive: a file for each video, and an overview with links.</li></ol></div>"
)


def form(videos: Sequence[VideoOut]) -> str:
    """The form for a new batch. The page's script shows the cost and starts it."""
    if not videos:
        return note("Add videos to the library first; then you can summarize them and ask about all of them here.")
    boxes = "".join(
        f"<li><label>{box(video, 'videos')} <span>{safe(video.title)}</span>"
        f"<small>{clock(video.duration_s)}</small></label></li>"
        for video in videos
    )
    formats = ""
    for group, files in FILES.items():
        offered = "".join(
            f'<label><input type="checkbox" name="formats" value="{name}"{" checked" if name in CHOSEN else ""}> '
            f"{title}</label>"
            for name, title, _ in files
        )
        formats += f'<fieldset class="lr-scope lr-formats"><legend>{group}</legend>{offered}</fieldset>'
    return (
        '<form id="lr-batch" aria-label="Summarize and ask many videos"><div class="lr-half"><fieldset>'
        f'<legend>Videos</legend><p><label><input type="checkbox" id="lr-every"> All {len(videos)} videos</label></p>'
        f"{ticks(videos)}"
        f'<ul class="lr-pick">{boxes}</ul></fieldset><div><div class="lr-bar">{choices(SummaryForm(), "batch")}</div>'
        '<p><label for="lr-batch-questions">Questions for each of them, one per line (optional)</label>'
        '<textarea id="lr-batch-questions" name="questions" rows="3" '
        'placeholder="What was decided? Who speaks?"></textarea></p>'
        f"<fieldset><legend>Files for each video</legend>{formats}</fieldset></div></div>"
        '<p id="lr-cost" role="status">Tick videos to see an estimate.</p>'
        '<p id="lr-batch-problem" class="lr-problem" role="alert" hidden></p>'
        '<p class="lr-send"><button type="submit" class="lr-main" disabled>Start</button></p></form>'
    )


def batches(items: Sequence[BatchOut], videos: Sequence[VideoOut]) -> str:
    """Batches, newest first; the page's script updates the progress."""
    titles = {video.id: video.title for video in videos}
    return "".join(_batch(one, titles) for one in items) or EMPTY


def _batch(batch: BatchOut, titles: Mapping[str, str]) -> str:
    id, when = safe(batch.id), safe(batch.created_at[:16].replace("T", " "))
    count = f"{batch.total} video" if batch.total == 1 else f"{batch.total} videos"
    failed = f', <span class="lr-problem">{batch.failed} failed</span>' if batch.failed else ""
    rows = []
    for child in batch.children:
        title = safe(titles.get(child.title, child.title))
        message, look = ("Waiting for its turn" if child.state == "queued" else ""), ""
        if child.state == "failed" and child.error:
            message, look = f"{child.error.message} {child.error.hint}", " lr-problem"
        rows.append(
            f'<tr data-job="{safe(child.id)}" data-state="{safe(child.state)}"><th scope="row">{title}</th>'
            f'<td>{STATES[child.state]}</td><td><span class="lr-stage{look}">{safe(message)}</span></td></tr>'
        )
    shown = " open" if batch.state in ACTIVE or batch.failed else ""
    problem = ""
    if batch.error is not None and batch.state not in ACTIVE:
        problem = f'<p class="lr-problem">{safe(batch.error.message)} {safe(batch.error.hint)}</p>'
    return (
        f'<section class="lr-batch" data-batch="{id}" data-state="{safe(batch.state)}" aria-label="Batch of {when}">'
        f'<div class="lr-top"><h3>{count} <small>{when}</small></h3>'
        f'<span>{STATES[batch.state]}: <span class="lr-done">{batch.finished} of {batch.total}</span>{failed}</span>'
        f"{_actions(batch, when)}</div>"
        f'<progress max="1" value="{batch.done_share:.3f}" aria-label="Progress of the batch of {when}"></progress>'
        f"{problem}<details{shown}><summary>Videos</summary>"
        '<div class="lr-table" role="region" aria-label="Videos of this batch" tabindex="0"><table><thead><tr>'
        '<th scope="col">Video</th><th scope="col">State</th><th scope="col">Progress</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></details></section>"
    )


def _actions(batch: BatchOut, when: str) -> str:
    id = safe(batch.id)
    buttons = []
    if batch.state == "finished":
        buttons.append(f'<a class="lr-small" href="v1/batches/{id}/results" download>Download (ZIP)</a>')
    if batch.state in ACTIVE:
        buttons.append(
            f'<button type="button" class="lr-small" data-endbatch="{id}" aria-label="Cancel the batch of {when}">'
            "Cancel</button>"
        )
    elif batch.state in ("failed", "cancelled"):
        buttons.append(
            f'<button type="button" class="lr-small" data-againbatch="{id}" '
            f'aria-label="Try the batch of {when} again">Try again</button>'
            f'<button type="button" class="lr-small" data-dismissbatch="{id}" '
            f'aria-label="Dismiss the batch of {when}" title="Removes it from this list">Dismiss</button>'
        )
    return "".join(buttons)
