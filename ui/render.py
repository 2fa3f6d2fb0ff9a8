"""What the page shows, as HTML strings. Pure: data in, text out.

The page's framework runs values through a template language, so braces are escaped like the
characters that HTML reserves.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from app.api.schemas import (
    AnswerOut,
    ChapterOut,
    CitationOut,
    JobOut,
    SummaryOut,
    UtteranceOut,
    VideoOut,
)
from app.core.errors import LongreelError
from app.core.types import SegmentKind
from ui import steps
from ui.steps import clock

KINDS = {
    SegmentKind.SPEECH: "said",
    SegmentKind.SCREEN_TEXT: "written on screen",
    SegmentKind.VISUAL: "shown",
    SegmentKind.CAPTION: "shown",
    SegmentKind.SUMMARY: "summary",
}

BADGES = {
    "answered": ("Answered", "lr-good"),
    "not_in_video": ("Not in the video", "lr-none"),
    "insufficient": ("Could not be decided", "lr-unsure"),
}


def safe(text: str) -> str:
    """Text that HTML and the page's templates leave alone."""
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


def library(videos: Sequence[VideoOut], opened: str) -> str:
    """The list of videos; the one that is open is marked."""
    if not videos:
        return (
            '<p class="lr-empty">No video yet. Choose a file above and upload it: a lecture, a meeting, a film. '
            "When it has been read you can ask what is said, shown and written in it.</p>"
        )
    return f'<ul class="lr-videos">{"".join(_library_item(video, video.id == opened) for video in videos)}</ul>'


def _library_item(video: VideoOut, is_open: bool) -> str:
    title = safe(video.title)
    picture = f'<img src="{thumbnail(video.id, 0)}" alt="" loading="lazy">' if _has_thumbnails(video) else _NO_PICTURE
    state = "ready" if video.ready else "being read"
    facts = " · ".join(fact for fact in (clock(video.duration_s), video.language or "", state) if fact)
    current = ' aria-current="true"' if is_open else ""
    return (
        f'<li class="lr-video"><a href="/?video={safe(video.id)}" data-open="{safe(video.id)}"{current}>{picture}'
        f'<span><span class="lr-title">{title}</span><small>{safe(facts)}</small></span></a>'
        f'<button type="button" class="lr-small" data-delete="{safe(video.id)}" data-title="{title}" '
        f'aria-label="Delete {title}">&#10005;</button></li>'
    )


_NO_PICTURE = '<span class="lr-nopicture" aria-hidden="true">&#9835;</span>'


def _has_thumbnails(video: VideoOut) -> bool:
    return video.ready and video.width is not None


def thumbnail(video_id: str, time_s: float) -> str:
    """Where the picture of a moment is."""
    return f"/v1/videos/{safe(video_id)}/thumbnail?t={time_s:.3f}"


def work(jobs: Sequence[JobOut]) -> str:
    """Uploads that are being read or failed; the page's script keeps their progress moving."""
    shown = [job for job in jobs if job.state in ("queued", "running", "failed")]
    if not shown:
        return ""
    stages = safe(steps.STAGES_JSON)
    return f'<ul class="lr-jobs" data-stages="{stages}">{"".join(_job(job) for job in shown)}</ul>'


def _job(job: JobOut) -> str:
    title, id = safe(job.title), safe(job.id)
    if job.state == "failed":
        said = f"{job.error.message} {job.error.hint}" if job.error else "It failed."
        return (
            f'<li class="lr-job lr-failed" data-job="{id}" data-state="failed"><b>{title}</b>'
            f'<span class="lr-problem">{safe(said)}</span>'
            f'<button type="button" class="lr-small" data-retry="{id}" aria-label="Try {title} again">'
            "Try again</button></li>"
        )
    value = f' value="{job.done_share:.3f}"' if job.done_share is not None else ""
    label = "Waiting for its turn" if job.state == "queued" else "Starting"
    return (
        f'<li class="lr-job" data-job="{id}" data-state="{safe(job.state)}"><b>{title}</b>'
        f'<progress max="1"{value} aria-label="Progress of {title}"></progress>'
        f'<span class="lr-stage">{label}</span>'
        f'<button type="button" class="lr-small" data-cancel="{id}" aria-label="Cancel {title}">Cancel</button></li>'
    )


def player(video: VideoOut | None, start_s: float = 0.0, play: bool = False) -> str:
    """The open video, from a moment on."""
    if video is None:
        return (
            '<p class="lr-empty">Choose a video from the library to watch it, or ask about all of them. '
            "Every answer shows the moments it comes from; a click plays them.</p>"
        )
    poster = f' poster="{thumbnail(video.id, start_s)}"' if _has_thumbnails(video) else ""
    from_s = f"#t={start_s:.3f}" if start_s > 0 else ""
    warnings = "".join(f'<p class="lr-warning">{safe(warning)}</p>' for warning in video.warnings)
    return (
        f'<h2 class="lr-playing">{safe(video.title)}</h2>'
        f'<video controls playsinline preload="metadata"{" autoplay" if play else ""} data-video="{safe(video.id)}" '
        f'aria-label="Player: {safe(video.title)}"{poster} src="/v1/videos/{safe(video.id)}/media{from_s}"></video>'
        '<p class="lr-noplay" role="alert" hidden>This browser cannot play the format of this file. '
        f"Questions, transcript and pictures work all the same.</p>{warnings}"
    )


def transcript(video: VideoOut | None, said: Sequence[UtteranceOut]) -> str:
    """Every sentence as a button that plays it."""
    if video is None:
        return '<p class="lr-empty">The transcript of the open video stands here.</p>'
    if not said:
        why = "Nobody speaks in this video." if video.ready else "This video is still being read."
        return f'<p class="lr-empty">{why}</p>'
    lines = "".join(f"<li>{_line(video.id, line)}</li>" for line in said)
    return f'<ol class="lr-lines">{lines}</ol>'


def _line(video_id: str, line: UtteranceOut) -> str:
    speaker = f"<b>{safe(line.speaker)}:</b> " if line.speaker else ""
    return _jump(video_id, line.start_s, f"<time>{clock(line.start_s)}</time> {speaker}{safe(line.text)}", "lr-line")


def _jump(video_id: str, time_s: float, inner: str, kind: str, label: str = "") -> str:
    name = f' aria-label="{label}"' if label else ""
    place = f'data-jump="{safe(video_id)}" data-t="{time_s:.3f}"'
    return f'<button type="button" class="{kind}" {place}{name}>{inner}</button>'


def chapters(video: VideoOut | None, found: Sequence[ChapterOut]) -> str:
    """Chapters as buttons, each with its summary."""
    if video is None or not found:
        return '<p class="lr-empty">Chapters appear when a video has been read to its end.</p>'
    items = "".join(
        f"<li>{_jump(video.id, c.start_s, f'<time>{clock(c.start_s)}</time> <b>{safe(c.title)}</b>', 'lr-line')}"
        f"<p>{safe(c.summary)}</p></li>"
        for c in found
    )
    return f'<ol class="lr-lines">{items}</ol>'


def summary(video: VideoOut | None, found: SummaryOut | None) -> str:
    """The video in short, with the moments it rests on."""
    if video is None or found is None:
        return '<p class="lr-empty">The summary appears when a video has been read to its end.</p>'
    return f'<p class="lr-text">{safe(found.summary)}</p>{citations(found.citations, {video.id: video})}'


def citations(cited: Sequence[CitationOut], videos: Mapping[str, VideoOut]) -> str:
    """Moments as cards: picture, time, quote. A click plays them."""
    if not cited:
        return ""
    cards = "".join(f"<li>{_citation(one, videos)}</li>" for one in cited)
    return f'<ol class="lr-citations" aria-label="Evidence">{cards}</ol>'


def _citation(cited: CitationOut, videos: Mapping[str, VideoOut]) -> str:
    video = videos.get(cited.video_id)
    title = video.title if video else cited.video_id[:12]
    shown_s = cited.start_s if cited.frame_s is None else cited.frame_s
    picture = (
        f'<img src="{thumbnail(video.id, shown_s)}" alt="" loading="lazy">'
        if video and _has_thumbnails(video)
        else _NO_PICTURE
    )
    start, end = clock(cited.start_s), clock(cited.end_s)
    span = start if start == end else f"{start} to {end}"
    checked = (
        '<span class="lr-checked" title="Checked against the video">&#10003; checked</span>' if cited.verified else ""
    )
    inner = (
        f'{picture}<span><span class="lr-chip">&#9654; {span}</span> '
        f"<small>{KINDS[cited.kind]} · {safe(title)}</small> "
        f"{checked}<q>{safe(cited.quote)}</q></span>"
    )
    label = f"Play {safe(title)} from {start}: {safe(cited.quote)}"
    return _jump(cited.video_id, cited.start_s, inner, "lr-cite", label)


def answer(given: AnswerOut, videos: Mapping[str, VideoOut], options: Sequence[str] = ()) -> str:
    """The answer with its badge, its evidence and how it was found."""
    name, look = BADGES[given.status.value]
    chosen = given.option_index
    option = ""
    if chosen is not None and 0 <= chosen < len(options):
        option = f'<p class="lr-option"><b>{chr(65 + chosen)}.</b> {safe(options[chosen])}</p>'
    count = "1 step" if len(given.trace) == 1 else f"{len(given.trace)} steps"
    return (
        '<section class="lr-answer" aria-label="Answer">'
        f'<p role="status"><span class="lr-badge {look}">{name}</span> '
        f"<small>confidence {given.confidence:.0%}</small></p>"
        f'{option}<p class="lr-text">{safe(given.text)}</p>{citations(given.citations, videos)}'
        f"<details><summary>How this was found: {count}, {given.usage.seconds:.1f} s</summary>"
        f"{step_list([steps.tell(event) for event in given.trace])}</details></section>"
    )


def step_list(lines: Sequence[str]) -> str:
    """What the agent did, one line a step."""
    return f'<ol class="lr-steps">{"".join(f"<li>{safe(line)}</li>" for line in lines)}</ol>'


def thinking(lines: Sequence[str]) -> str:
    """The steps so far of an answer that is being worked on."""
    latest = safe(lines[-1]) if lines else "Reading the question"
    return (
        '<section class="lr-answer" aria-label="Answer" aria-busy="true">'
        f'<p role="status" class="lr-now">{latest}</p>{step_list(lines[:-1])}</section>'
    )


def problem(error: LongreelError) -> str:
    """An error as a sentence and what to do."""
    hint = f" {safe(error.hint)}" if error.hint else ""
    return f'<p class="lr-problem" role="alert">{safe(error.message)}{hint}</p>'


def note(text: str) -> str:
    """A quiet sentence."""
    return f'<p class="lr-empty">{safe(text)}</p>'
