"""What is being read: how far, what waits, what failed, what was done before."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas import JobOut
from app.api.schemas.schedules import ScheduleOut
from ui import steps
from ui.render.markup import safe

ACTIVE = ("queued", "running")
ORDER = ("running", "queued", "failed")


def queue(jobs: Sequence[JobOut], watched: Sequence[ScheduleOut] = ()) -> str:
    """What is being read or failed, what was done before, which folders are watched for more.

    The page's script keeps the progress moving.
    """
    again = {(job.kind, job.title): job.id for job in reversed(jobs)}
    latest = [job for job in jobs if again[(job.kind, job.title)] == job.id]
    now = [job for job in latest if job.state in (*ACTIVE, "failed")]
    now.sort(key=lambda job: (ORDER.index(job.state), -job.priority, job.created_at))
    earlier = [job for job in jobs if job not in now and job.state not in ACTIVE][:20]
    parts = []
    if now:
        waiting = [job.id for job in now if job.state == "queued"]
        items = "".join(_job(job, can_move=job.id in waiting[1:]) for job in now)
        parts.append(f'<h2>Being read</h2><ul class="lr-jobs">{items}</ul>')
    if earlier:
        parts.append(
            f"<details><summary>Earlier work ({len(earlier)})</summary>"
            f'<ul class="lr-jobs">{"".join(map(_past, earlier))}</ul></details>'
        )
    if watched:
        parts.append(
            f"<details><summary>Watched folders ({len(watched)})</summary>"
            f'<ul class="lr-jobs">{"".join(map(_watched, watched))}</ul></details>'
        )
    return f'<div class="lr-queue" data-stages="{safe(steps.STAGES_JSON)}">{"".join(parts)}</div>'


def _job(job: JobOut, *, can_move: bool) -> str:
    title, id = safe(job.title), safe(job.id)
    if job.state == "failed":
        said = f"{job.error.message} {job.error.hint}" if job.error else "It failed."
        return (
            f'<li class="lr-job lr-failed" data-job="{id}" data-state="failed"><b>{title}</b>'
            f'<span class="lr-problem">{safe(said)}</span>{_retry(job)}{_log(job)}</li>'
        )
    value = f' value="{job.done_share:.3f}"' if job.done_share is not None else ""
    label = "Waiting for its turn" if job.state == "queued" else "Starting"
    return (
        f'<li class="lr-job" data-job="{id}" data-state="{safe(job.state)}"><b>{title}</b>'
        f'<span class="lr-stage">{label}</span><span class="lr-send">{_first(job) if can_move else ""}'
        f'<button type="button" class="lr-small" data-cancel="{id}" aria-label="Cancel {title}">Cancel</button></span>'
        f'<progress max="1"{value} aria-label="Progress of {title}"></progress>{_log(job)}</li>'
    )


def _first(job: JobOut) -> str:
    return (
        f'<button type="button" class="lr-small" data-next="{safe(job.id)}" '
        f'aria-label="Read {safe(job.title)} next">Read next</button>'
    )


def _log(job: JobOut) -> str:
    """What happened to a job; the page's script fills it when it is opened."""
    if job.state == "queued":
        return ""
    id = safe(job.id)
    lines = f'<ol class="lr-log" id="lr-log-{id}" data-of="{id}"></ol>'
    return f'<details class="lr-events"><summary>Log</summary>{lines}</details>'


def _watched(one: ScheduleOut) -> str:
    folder, id = safe(one.folder), safe(one.id)
    last = one.last
    if last is not None and last.error is not None:
        said = f'<span class="lr-problem">{safe(last.error.message)} {safe(last.error.hint)}</span>'
    else:
        looked = f"{last.new} new when last looked, " if last else ""
        when = f"next look {one.next_at[:16].replace('T', ' ')}" if one.next_at else "paused"
        said = f'<span class="lr-stage">{looked}{when}</span>'
    return (
        f'<li class="lr-job"><b>{folder}</b>{said}<span class="lr-send">'
        f'<button type="button" class="lr-small" data-look="{id}" aria-label="Look into {folder} now">Look now</button>'
        f'<button type="button" class="lr-small" data-unwatch="{id}" aria-label="Stop watching {folder}">Stop</button>'
        "</span></li>"
    )


def _retry(job: JobOut) -> str:
    return (
        f'<button type="button" class="lr-small" data-retry="{safe(job.id)}" '
        f'aria-label="Try {safe(job.title)} again">Try again</button>'
    )


def _past(job: JobOut) -> str:
    again = _retry(job) if job.state in ("failed", "cancelled") else ""
    when = safe((job.finished_at or job.created_at)[:16].replace("T", " "))
    state = f'<span class="lr-stage">{safe(job.state)} · {when}</span>'
    return f'<li class="lr-job"><b>{safe(job.title)}</b>{state}{again}</li>'
