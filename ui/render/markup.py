"""The small pieces that all parts of the page are made of.

The page's framework runs values through a template language, so braces are escaped like the
characters that HTML reserves. Text is escaped here and nowhere else.
"""

from __future__ import annotations

import html
from datetime import datetime

from app.api.schemas import VideoOut
from app.core.errors import LongreelError
from app.core.timecode import clock

NO_PICTURE = '<span class="lr-nopicture" aria-hidden="true">&#9835;</span>'


def safe(text: str) -> str:
    """Escapes text for HTML and for the page's templates."""
    return html.escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


def thumbnail(video_id: str, time_s: float) -> str:
    """The address of the key frame nearest to a time."""
    return f"v1/videos/{safe(video_id)}/thumbnail?t={time_s:.3f}"


def frame(video_id: str, time_s: float) -> str:
    """The address of the exact frame at a time."""
    return f"v1/videos/{safe(video_id)}/frame?t={time_s:.3f}&amp;side=320"


def has_pictures(video: VideoOut | None) -> bool:
    """Whether the server has thumbnails of a video."""
    return video is not None and video.ready and video.width is not None


def picture(video: VideoOut | None, time_s: float) -> str:
    """The thumbnail at a time, or a symbol for sound."""
    if video is None or not has_pictures(video):
        return NO_PICTURE
    return f'<img src="{thumbnail(video.id, time_s)}" alt="" loading="lazy">'


def span_of(start_s: float, end_s: float) -> str:
    """A span as 5:04 to 5:19, or as one time if it is an instant."""
    start, end = clock(start_s), clock(end_s)
    return start if start == end else f"{start} to {end}"


def date_in_words(text: str) -> str:
    """A date as 3 May 2026, 10:00 UTC; what is no complete date stays as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    time = f", {when:%H:%M} {when.tzname() or ''}".rstrip() if ":" in text else ""
    return f"{when.day} {when:%B %Y}{time}"


def jump(video_id: str, start_s: float, inner: str, kind: str, *, label: str = "", end_s: float | None = None) -> str:
    """A button that plays a moment, up to `end_s` if given. `inner` and `label` are HTML."""
    name = f' aria-label="{label}"' if label else ""
    until = f' data-end="{end_s:.3f}"' if end_s is not None else ""
    place = f'data-jump="{safe(video_id)}" data-t="{start_s:.3f}"{until}'
    return f'<button type="button" class="{kind}" {place}{name}>{inner}</button>'


def note(text: str) -> str:
    """A sentence in a quiet style."""
    return f'<p class="lr-empty">{safe(text)}</p>'


def problem(error: LongreelError) -> str:
    """An error as a sentence, with what to do."""
    hint = f" {safe(error.hint)}" if error.hint else ""
    return f'<p class="lr-problem" role="alert">{safe(error.message)}{hint}</p>'
