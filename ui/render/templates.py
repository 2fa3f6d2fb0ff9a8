"""Fills the page's Jinja templates: values are escaped unless they are Markup."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.api.schemas import VideoOut
from app.core.timecode import clock

FOLDER = Path(__file__).parents[1] / "templates"
NOTHING = Markup()
CODE = re.compile("`(.+?)`")


def fill(name: str, **values: Any) -> Markup:
    """The template with these values, as a part of the page: also safe for the template language of its framework."""
    html = render(name, **values).strip()  # what is empty must be "": the styles hide it
    return Markup(html.replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;"))  # noqa: S704 - escaped


def render(name: str, **values: Any) -> str:
    """The template with these values."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": clock,
        "code": code,
        "decimals": "{:.3f}".format,
        "minute": minute,
    }
    environment.globals |= {"place": place, "span_of": span_of}
    return environment


def has_pictures(video: VideoOut | None) -> bool:
    """Whether the server has thumbnails of a video."""
    return video is not None and video.ready and video.width is not None


def thumbnail(video: VideoOut | None, time_s: float) -> str:
    """The address of the key frame nearest to a time; empty if there are no pictures."""
    return f"v1/videos/{video.id}/thumbnail?t={time_s:.3f}" if video and has_pictures(video) else ""


def span_of(start_s: float, end_s: float) -> str:
    """A span as 5:04 to 5:19, or as one time if it is an instant."""
    start, end = clock(start_s), clock(end_s)
    return start if start == end else f"{start} to {end}"


def share(start_s: float, end_s: float, whole_s: float) -> tuple[float, float]:
    """Left edge and width of a span in percent of the whole; wide enough to see, and never beyond the end."""
    left = min(99.5, max(0.0, 100 * start_s / whole_s))
    return left, min(100 - left, max(0.5, 100 * (end_s - start_s) / whole_s))


def place(start_s: float, end_s: float, whole_s: float) -> str:
    """The same as a style."""
    left, width = share(start_s, end_s, whole_s)
    return f"left:{left:.2f}%;width:{width:.2f}%"


def minute(moment: str) -> str:
    """An ISO date and time as 2026-01-02 03:04."""
    return moment[:16].replace("T", " ")


def code(text: str) -> Markup:
    """Text in which the words between backticks are code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - the text is escaped
