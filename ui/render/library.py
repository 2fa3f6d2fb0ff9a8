"""The library: adding videos, what is being read, and the videos that are there."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.schemas import JobOut, VideoOut
from ui import steps
from ui.render.markup import note, picture, safe
from ui.steps import clock

ACTIVE = ("queued", "running")

ADD = """
<form id="lr-upload" aria-label="Add videos">
  <div class="lr-drop">
    <label for="lr-file"><b>Add videos</b> <span>Choose files or drop them here: films, lectures, meetings, sound.
      A subtitle file of the same name (.srt, .vtt) goes with its video.</span></label>
    <input id="lr-file" name="file" type="file" multiple
      accept="video/*,audio/*,.mkv,.ts,.avi,.mov,.webm,.mp4,.m4a,.mp3,.wav,.flac,.ogg,.srt,.vtt">
    <button type="submit" class="lr-main">Upload</button>
  </div>
  <details><summary>Title, language, a file on the server</summary>
    <div class="lr-fields">
      <p><label for="lr-name">Title (for one file)</label>
        <input id="lr-name" name="title" maxlength="300" placeholder="the file's name"></p>
      <p><label for="lr-language">Language spoken</label>
        <input id="lr-language" name="language" pattern="[a-z]{2,3}" title="such as en or de"
          placeholder="found out"></p>
      <p><label for="lr-path">Path of a file on the server's machine (it stays where it is)</label>
        <input id="lr-path" name="path" placeholder="/home/me/lecture.mp4"></p>
    </div>
  </details>
</form>
<ul id="lr-uploads" class="lr-jobs" aria-label="Uploads"></ul>
<p id="lr-notice" class="lr-problem" role="alert" hidden></p>
"""

FIND = """
<div class="lr-top"><h2>Videos</h2><p class="lr-find"><label for="lr-find">Find</label>
  <input id="lr-find" type="search" data-filter="#lr-grid .lr-video" placeholder="Title">
  <span class="lr-count" role="status"></span></p></div>
"""

FIRST = (
    '<div class="lr-empty"><p><b>No video yet.</b></p><ol><li>Choose files above and upload them: a lecture, '
    "a meeting, a film. Three hours are fine.</li><li>Longreel reads them: what is said, written on screen and shown. "
    "You see how far it is.</li><li>Ask a question. Every answer shows the moments it comes from; a click plays "
    "them.</li></ol></div>"
)


def grid(videos: Sequence[VideoOut], jobs: Sequence[JobOut] = ()) -> str:
    """The videos as cards; those that are being read stand in the queue instead."""
    reading = {job.title for job in jobs if job.state in ACTIVE}
    shown = [video for video in videos if video.ready or video.title not in reading]
    if not shown:
        return (
            FIRST if not reading else note("The first video is being read. It appears here when it can be asked about.")
        )
    return f'<ul class="lr-videos">{"".join(map(_card, shown))}</ul>'


def _card(video: VideoOut) -> str:
    id, title = safe(video.id), safe(video.title)
    facts = [f'<span class="lr-tag">{safe(video.language)}</span>'] if video.language else []
    facts.append(safe(video.added_at[:10]))
    if not video.ready:
        facts.append('<span class="lr-warning">not read to its end</span>')
    return (
        f'<li class="lr-video" data-video="{id}"><a href="/?video={id}" data-open="{id}">'
        f'<span class="lr-frame">{picture(video, min(5.0, video.duration_s / 2))}'
        f'<span class="lr-length">{clock(video.duration_s)}</span></span>'
        f'<span class="lr-title">{title}</span></a><div class="lr-facts"><small>{" ".join(facts)}</small>'
        f'<button type="button" class="lr-small" data-delete="{id}" data-title="{title}" '
        f'aria-label="Delete {title}" title="Delete">&#10005;</button></div></li>'
    )


def queue(jobs: Sequence[JobOut]) -> str:
    """What is being read or failed, and what was done before; the page's script keeps the progress moving."""
    again = {(job.kind, job.title): job.id for job in reversed(jobs)}
    latest = [job for job in jobs if again[(job.kind, job.title)] == job.id]
    now = [job for job in latest if job.state in (*ACTIVE, "failed")]
    now.sort(key=lambda job: (ORDER.index(job.state), job.created_at))
    earlier = [job for job in jobs if job not in now and job.state not in ACTIVE][:20]
    parts = []
    if now:
        parts.append(f'<h2>Being read</h2><ul class="lr-jobs">{"".join(map(_job, now))}</ul>')
    if earlier:
        parts.append(
            f"<details><summary>Earlier work ({len(earlier)})</summary>"
            f'<ul class="lr-jobs">{"".join(map(_past, earlier))}</ul></details>'
        )
    return f'<div class="lr-queue" data-stages="{safe(steps.STAGES_JSON)}">{"".join(parts)}</div>'


ORDER = ("running", "queued", "failed")


def _job(job: JobOut) -> str:
    title, id = safe(job.title), safe(job.id)
    if job.state == "failed":
        said = f"{job.error.message} {job.error.hint}" if job.error else "It failed."
        return (
            f'<li class="lr-job lr-failed" data-job="{id}" data-state="failed"><b>{title}</b>'
            f'<span class="lr-problem">{safe(said)}</span>{_retry(job)}</li>'
        )
    value = f' value="{job.done_share:.3f}"' if job.done_share is not None else ""
    label = "Waiting for its turn" if job.state == "queued" else "Starting"
    return (
        f'<li class="lr-job" data-job="{id}" data-state="{safe(job.state)}"><b>{title}</b>'
        f'<span class="lr-stage">{label}</span>'
        f'<button type="button" class="lr-small" data-cancel="{id}" aria-label="Cancel {title}">Cancel</button>'
        f'<progress max="1"{value} aria-label="Progress of {title}"></progress></li>'
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


def choices(videos: Sequence[VideoOut], opened: str) -> str:
    """Where to look for the answer: in the open video, in all, or in those that are ticked."""
    this = any(video.id == opened for video in videos)
    ready = [video for video in videos if video.ready]
    boxes = "".join(
        f'<label><input type="checkbox" name="video" value="{safe(video.id)}"> {safe(video.title)}</label>'
        for video in ready
    )
    rows = [
        ("this", "This video", this, not this),
        ("all", "All videos", not this, False),
        ("some", "Some", False, False),
    ]
    radios = "".join(
        f'<label><input type="radio" name="scope" value="{value}"'
        f"{' checked' if on else ''}{' disabled' if off else ''}> {label}</label>"
        for value, label, on, off in rows
    )
    return (
        f'<fieldset class="lr-scope"><legend class="lr-hidden">Where to look</legend>{radios}</fieldset>'
        f'<fieldset class="lr-some" hidden><legend>Look in</legend>{boxes}</fieldset>'
    )
