"""The queue: what is in progress, waiting, failed or done."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.api.schemas import JobOut
from app.api.schemas.schedules import ScheduleOut
from app.core.describe import STAGE_NAMES
from ui.render.markup import safe

ACTIVE = ("queued", "running")

DISMISS_ALL = (
    '<p><button type="button" class="lr-small" data-dismissended>Dismiss all ended jobs</button> '
    "<small>Removes them from this list; their videos stay.</small></p>"
)


def queue(jobs: Sequence[JobOut], watched: Sequence[ScheduleOut] = ()) -> str:
    """Jobs in progress, waiting, failed and done, and the watched folders.

    The page's script updates the progress, and moves waiting jobs to the top.
    """
    newest = {(job.kind, job.title): job.id for job in sorted(jobs, key=lambda job: job.created_at)}
    running = [job for job in jobs if job.state == "running"]
    waiting = [job for job in reversed(jobs) if job.state == "queued"]
    waiting.sort(key=lambda job: (-job.priority, job.created_at))
    failed = [job for job in jobs if job.state == "failed" and newest[(job.kind, job.title)] == job.id]
    earlier = [job for job in jobs if job.state not in ACTIVE and job not in failed][:20]
    parts = [
        _part("In progress", "ul", [_running(job) for job in running]),
        _part("Waiting, in this order", "ol", _waiting(waiting)),
        _part("Failed", "ul", [_failed(job) for job in failed]),
    ]
    if earlier and not running and not waiting:
        parts.insert(0, '<p class="lr-stage">Nothing is in progress.</p>')
    if earlier:
        parts.append(
            f"<details><summary>Earlier jobs ({len(earlier)})</summary>"
            f'<ul class="lr-jobs">{"".join(map(_past, earlier))}</ul></details>'
        )
    if failed or earlier:
        parts.append(DISMISS_ALL)
    if watched:
        parts.append(
            f"<details><summary>Watched folders ({len(watched)})</summary>"
            f'<ul class="lr-jobs">{"".join(map(_watched, watched))}</ul></details>'
        )
    return f'<div class="lr-queue" data-stages="{safe(json.dumps(STAGE_NAMES))}">{"".join(parts)}</div>'


def _part(name: str, kind: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f'<h2>{name}</h2><{kind} class="lr-jobs">{"".join(items)}</{kind}>'


def _running(job: JobOut) -> str:
    title = safe(job.title)
    value = f' value="{job.done_share:.3f}"' if job.done_share is not None else ""
    return (
        f'<li class="lr-job" data-job="{safe(job.id)}" data-state="running"><b>{title}</b>'
        f'<span class="lr-stage">Starting</span><span class="lr-send">{_cancel(job)}</span>'
        f'<progress max="1"{value} aria-label="Progress of {title}"></progress>{_log(job)}</li>'
    )


def _waiting(jobs: Sequence[JobOut]) -> list[str]:
    """Each waiting job, with a button that moves it to the top of the queue."""
    items = []
    for place, job in enumerate(jobs):
        id, title = safe(job.id), safe(job.title)
        to_top = (
            f'<button type="button" class="lr-small" data-top="{id}" '
            f'aria-label="Move {title} to the top" title="Move to the top">&#10514;</button>'
        )
        items.append(
            f'<li class="lr-job" data-job="{id}" data-state="queued"><b>{title}</b>'
            f'<span class="lr-stage">Waiting for its turn</span>'
            f'<span class="lr-send">{to_top if place else ""}{_cancel(job)}</span></li>'
        )
    return items


def _failed(job: JobOut) -> str:
    message = safe(f"{job.error.message} {job.error.hint}") if job.error else "It failed."
    return (
        f'<li class="lr-job lr-failed" data-job="{safe(job.id)}" data-state="failed"><b>{safe(job.title)}</b>'
        f'<span class="lr-problem">{message}</span>'
        f'<span class="lr-send">{_retry(job)}{_dismiss(job)}</span>{_log(job)}</li>'
    )


def _cancel(job: JobOut) -> str:
    return (
        f'<button type="button" class="lr-small" data-cancel="{safe(job.id)}" '
        f'aria-label="Cancel {safe(job.title)}">Cancel</button>'
    )


def _log(job: JobOut) -> str:
    """A job's log; the page's script fills it when it is opened."""
    id = safe(job.id)
    lines = f'<ol class="lr-log" id="lr-log-{id}" data-of="{id}"></ol>'
    return f'<details class="lr-events"><summary>Log</summary>{lines}</details>'


def _watched(one: ScheduleOut) -> str:
    folder, id = safe(one.folder), safe(one.id)
    last = one.last
    if last is not None and last.error is not None:
        state = f'<span class="lr-problem">{safe(last.error.message)} {safe(last.error.hint)}</span>'
    else:
        news = f"{last.new} new at the last check, " if last else ""
        when = f"next check {one.next_at[:16].replace('T', ' ')}" if one.next_at else "paused"
        state = f'<span class="lr-stage">{news}{when}</span>'
    return (
        f'<li class="lr-job"><b>{folder}</b>{state}<span class="lr-send">'
        f'<button type="button" class="lr-small" data-look="{id}" aria-label="Check {folder} now">Check now</button>'
        f'<button type="button" class="lr-small" data-unwatch="{id}" aria-label="Stop watching {folder}">Stop</button>'
        "</span></li>"
    )


def _retry(job: JobOut) -> str:
    return (
        f'<button type="button" class="lr-small" data-retry="{safe(job.id)}" '
        f'aria-label="Try {safe(job.title)} again">Try again</button>'
    )


def _dismiss(job: JobOut) -> str:
    return (
        f'<button type="button" class="lr-small" data-dismiss="{safe(job.id)}" aria-label="Dismiss {safe(job.title)}" '
        'title="Removes it from this list; the video stays">Dismiss</button>'
    )


def _past(job: JobOut) -> str:
    again = _retry(job) if job.state in ("failed", "cancelled") else ""
    when = safe((job.finished_at or job.created_at)[:16].replace("T", " "))
    state = f'<span class="lr-stage">{safe(job.state)} · {when}</span>'
    return f'<li class="lr-job"><b>{safe(job.title)}</b>{state}<span class="lr-send">{again}{_dismiss(job)}</span></li>'
