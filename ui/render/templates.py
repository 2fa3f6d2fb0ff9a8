"""Fills the page's Jinja templates: values are escaped unless they are Markup."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.api.schemas import VideoOut
from app.core.timecode import clock
from ui.render.markup import picture

FOLDER = Path(__file__).parents[1] / "templates"


def fill(name: str, **values: Any) -> str:
    """The template with these values, also safe for the template language of the page's framework."""
    html = _environment().get_template(name).render(**values)
    return html.replace("{", "&#123;").replace("}", "&#125;").replace("$", "&#36;")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    environment.globals["poster"] = poster
    return environment


def poster(video: VideoOut) -> Markup:
    """The picture of a video in a list."""
    return Markup(picture(video, min(5.0, video.duration_s / 2)))  # noqa: S704 - picture escapes
