"""The library: adding videos, jobs in progress, and the videos themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from app.api.schemas import JobOut, VideoOut
from app.api.schemas.collections import BinnedOut
from app.core.timecode import clock
from ui.render.markup import note, picture, safe
from ui.render.queue import ACTIVE

ADD = """
<form id="lr-upload" aria-label="Add videos">
  <div class="lr-drop">
    <label for="lr-file"><b>Add videos</b> <span>Choose files or drop them here: films, lectures, meetings, sound.
      A subtitle file of the same name (.srt, .vtt, .ass, .ttml and others) goes with its video.</span></label>
    <input id="lr-file" name="file" type="file" multiple
      accept="video/*,audio/*,.mkv,.ts,.avi,.mov,.webm,.mp4,.m4a,.mp3,.wav,.flac,.ogg,.srt,.vtt,.sbv,.ttml,.dfxp,.ass,.ssa,.sub,.smi,.mks,.json">
    <button type="submit" class="lr-main">Upload</button>
  </div>
  <details><summary>Title, language, an address, a file or folder on the server</summary>
    <div class="lr-fields">
      <p><label for="lr-name">Title (for one file)</label>
        <input id="lr-name" name="title" maxlength="300" placeholder="the file's name"></p>
      <p><label for="lr-language">Language spoken</label>
        <input id="lr-language" name="language" pattern="[a-z]{2,3}|auto" title="such as en or de, or auto"
          placeholder="detected"></p>
      <p><label for="lr-address">Address of a video or sound file on the web</label>
        <input id="lr-address" name="url" inputmode="url" maxlength="4096"
          placeholder="https://example.org/talks/keynote.mp4"></p>
      <p><label for="lr-path">Path of a file on the server's machine (it stays where it is), or of a folder to watch,
        with / at its end</label>
        <input id="lr-path" name="path" placeholder="/home/me/lecture.mp4 or /home/me/lectures/"></p>
    </div>
  </details>
</form>
<ul id="lr-uploads" class="lr-jobs" aria-label="Uploads"></ul>
<p id="lr-notice" class="lr-problem" role="alert" hidden></p>
<p id="lr-announce" class="lr-hidden" role="status"></p>
"""

DETAILS = """
<dialog id="lr-details" aria-labelledby="lr-details-name"><form method="dialog">
  <h2 id="lr-details-name">Title and tags</h2>
  <p><label for="lr-details-title">Title</label>
    <input id="lr-details-title" name="title" maxlength="300" required></p>
  <p><label for="lr-details-tags">Tags, separated by commas</label>
    <input id="lr-details-tags" name="tags" maxlength="2000" placeholder="lectures, spring 2026"></p>
  <p><small>A tag is a collection: list, ask about and summarize everything in it together.</small></p>
  <p class="lr-send"><button type="submit" class="lr-main">Save</button>
    <button type="button" class="lr-small" data-closedialog>Cancel</button></p>
</form></dialog>
"""

FIND = """
<div class="lr-top"><h2>Videos</h2><p class="lr-find"><label for="lr-find">Find</label>
  <input id="lr-find" type="search" data-filter="#lr-grid .lr-video" placeholder="Title or tag">
  <span class="lr-count" role="status"></span></p></div>
"""

FIRST = """
<div class="lr-first"><h2>Add your first video</h2>
  <ul>
    <li><b>From your machine</b><p>Drop a lecture, a meeting or a film on the field above, or choose it there.
      Three hours are fine.</p></li>
    <li><b>From the web</b><p>Paste the address of a video or sound file.</p>
      <p><button type="button" class="lr-small" data-paste>Paste an address</button></p></li>
    <li><b>From a terminal</b><p>One file, or many.</p><p><code>longreel ingest talk.mp4</code>
      <button type="button" class="lr-small" data-line="longreel ingest talk.mp4" aria-label="Copy the command">
      Copy</button></p></li>
  </ul>
  <p>Longreel then indexes it: what is said, written on the screen and shown. You see the progress here, and can ask as
    soon as it is done. Every answer shows the moments it comes from; a click plays them.</p>
</div>
"""


def grid(videos: Sequence[VideoOut], jobs: Sequence[JobOut] = (), binned: Sequence[BinnedOut] = ()) -> str:
    """The videos as cards, without those in the queue. Below them deleted videos."""
    reading = {job.title for job in jobs if job.state in ACTIVE}
    shown = [video for video in videos if video.ready or video.title not in reading]
    if shown:
        cards = f'{_tags(shown)}<ul class="lr-videos">{"".join(map(_card, shown))}</ul>'
    elif reading:
        cards = note("The first video is being processed. It appears here once you can ask about it.")
    else:
        cards = FIRST
    return cards + _bin(binned)


def _tags(videos: Sequence[VideoOut]) -> str:
    """Buttons that filter the videos by tag."""
    counts = Counter(tag for video in videos for tag in video.tags)
    if not counts:
        return ""
    buttons = [("", f"All {len(videos)}"), *((tag, f"{tag} {counts[tag]}") for tag in sorted(counts, key=str.casefold))]
    items = "".join(
        f'<li><button type="button" class="lr-example" data-tag="{safe(tag)}" '
        f'aria-pressed="{"false" if tag else "true"}">{safe(name)}</button></li>'
        for tag, name in buttons
    )
    return f'<ul class="lr-examples lr-tags" aria-label="Tags">{items}</ul>'


def _bin(binned: Sequence[BinnedOut]) -> str:
    if not binned:
        return ""
    items = []
    for one in binned:
        id, title, day = safe(one.video.id), safe(one.video.title), safe(one.gone_at[:10])
        items.append(
            f'<li class="lr-job"><b>{title}</b><span class="lr-stage">permanently gone on {day}</span>'
            f'<span class="lr-send"><button type="button" class="lr-small" data-restore="{id}" '
            f'aria-label="Restore {title}">Restore</button><button type="button" class="lr-small" data-purge="{id}" '
            f'aria-label="Delete {title} permanently">Delete permanently</button></span></li>'
        )
    return (
        f'<details class="lr-bin"><summary>Deleted videos ({len(binned)})</summary>'
        f'<ul class="lr-jobs">{"".join(items)}</ul></details>'
    )


def _card(video: VideoOut) -> str:
    id, title = safe(video.id), safe(video.title)
    tags = safe(", ".join(video.tags))
    facts = [f'<span class="lr-tag">{safe(video.language)}</span>'] if video.language else []
    facts.append(safe(video.added_at[:10]))
    if not video.ready:
        facts.append('<span class="lr-warning">not finished</span>')
    return (
        f'<li class="lr-video" data-video="{id}" data-tags="{safe(json.dumps(video.tags))}">'
        f'<a href="?video={id}" data-open="{id}">'
        f'<span class="lr-frame">{picture(video, min(5.0, video.duration_s / 2))}'
        f'<span class="lr-length">{clock(video.duration_s)}</span></span>'
        f'<span class="lr-title">{title}</span></a><div class="lr-facts"><small>{" ".join(facts)}</small><span>'
        f'<button type="button" class="lr-small" data-retitle="{id}" data-title="{title}" data-tags="{tags}" '
        f'aria-label="Title and tags of {title}" title="Title and tags">&#9998;</button>'
        f'<button type="button" class="lr-small" data-delete="{id}" data-title="{title}" '
        f'aria-label="Delete {title}" title="Delete">&#10005;</button></span></div>'
        f"{f'<small>{tags}</small>' if tags else ''}</li>"
    )


def ticks(videos: Sequence[VideoOut]) -> str:
    """Buttons that tick all videos with a tag, for a fieldset whose boxes carry their tags."""
    tags = sorted({tag for video in videos for tag in video.tags}, key=str.casefold)
    buttons = "".join(
        f'<button type="button" class="lr-example" data-tick="{safe(tag)}" aria-label="Tick {safe(tag)}">'
        f"{safe(tag)}</button>"
        for tag in tags
    )
    return f'<p class="lr-scope">{buttons}</p>' if tags else ""


def box(video: VideoOut, name: str) -> str:
    """A box to tick for a video."""
    tags = safe(json.dumps(video.tags))
    return f'<input type="checkbox" name="{name}" value="{safe(video.id)}" data-tags="{tags}">'


def choices(videos: Sequence[VideoOut], opened: str) -> str:
    """Where to look for the answer: in the open video, in all, or in the ticked ones."""
    this = any(video.id == opened for video in videos)
    ready = [video for video in videos if video.ready]
    boxes = "".join(f"<label>{box(video, 'video')} {safe(video.title)}</label>" for video in ready)
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
        f'<fieldset class="lr-some" hidden><legend>Look in</legend>{ticks(ready)}{boxes}</fieldset>'
    )
