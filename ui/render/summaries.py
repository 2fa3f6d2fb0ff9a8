"""The summary of the open video: the wanted form, and every sentence with the moments that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from app.api.schemas import SummaryOut, VideoOut
from app.api.schemas.summaries import MadeSummaryOut, PointOut, SectionOut
from ui.render.citations import Videos, chip, title_of
from ui.render.markup import note, safe, span_of

LENGTHS = {"line": "One line", "paragraph": "Paragraph", "page": "Page"}
STYLES = {
    "neutral": "Neutral",
    "minutes": "Minutes: decisions and actions",
    "notes": "Study notes",
    "highlights": "Highlights",
}
Numbers = Iterator[int]
"""Of the sources, from 1."""

QUOTED = "extractive"
"""The name that the server gives to no model: the video's own sentences."""


@dataclass(frozen=True)
class SummaryForm:
    """What is chosen in the form."""

    length: str = "paragraph"
    style: str = "neutral"
    language: str = ""


def panel(inner: str, chosen: SummaryForm, *, busy: bool = False) -> str:
    """The form with the choices, and below it what there is to read. `inner` is HTML."""
    state = ' aria-busy="true"' if busy else ""
    return (
        '<div role="tabpanel" id="lr-summary" aria-labelledby="lr-tab-summary" tabindex="0">'
        f'<form id="lr-summarize" class="lr-bar" aria-label="Summarize">{choices(chosen)}'
        f'<button type="submit" class="lr-main"{" disabled" if busy else ""}>Summarize</button></form>'
        f'<div class="lr-made"{state}>{inner}</div></div>'
    )


def choices(chosen: SummaryForm, of: str = "summary") -> str:
    """Length, style and language as fields of a form; `of` makes their ids its own."""
    return (
        f"{_select(f'lr-{of}-length', 'length', LENGTHS, chosen.length)}"
        f"{_select(f'lr-{of}-style', 'style', STYLES, chosen.style)}"
        f'<p><label for="lr-{of}-language">Language</label><input id="lr-{of}-language" name="language" size="12" '
        f'pattern="[a-z]&#123;2,3&#125;" title="such as en or de" placeholder="the video\'s own" '
        f'value="{safe(chosen.language)}"></p>'
    )


def _select(id: str, name: str, options: dict[str, str], chosen: str) -> str:
    items = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{text}</option>'
        for value, text in options.items()
    )
    label = f'<label for="{id}">{name.capitalize()}</label>'
    return f'<p>{label}<select id="{id}" name="{name}">{items}</select></p>'


def stored(video: VideoOut, found: SummaryOut | None) -> str:
    """The summary that was made when the video was read, until another one is asked for."""
    if found is None:
        return note("The summary and the chapters appear when a video has been read to its end.")
    chips = "".join(chip(one, number, {video.id: video}) for number, one in enumerate(found.citations, 1))
    return f'<p class="lr-text">{safe(found.summary)} {chips}</p>'


def waiting() -> str:
    """While a summary is made."""
    return '<p role="status" class="lr-now">Choosing the sentences that tell most, and checking them</p>'


def made(summary: MadeSummaryOut, videos: Videos) -> str:
    """The sections of a summary; a single one without a title is running text."""
    if not summary.sections:
        return note("There is nothing to summarize in this video: nothing is said or written in it.")
    told = sections(summary.sections, count(1), videos)
    return f"{told}{phrased_by(summary.model)}"


def phrased_by(model: str) -> str:
    """Whose words a summary has."""
    how = "In the video's own sentences." if model == QUOTED else f"Phrased by {safe(model)}."
    return f"<p><small>{how} Each time plays the moment that a sentence comes from.</small></p>"


def sections(told: Sequence[SectionOut], numbers: Numbers, videos: Videos, *, named: bool = False) -> str:
    """The sections of a summary, their sources numbered on; `named` tells the video of each sentence."""
    return "".join(_section(section, numbers, videos, named) for section in told)


def _section(section: SectionOut, numbers: Numbers, videos: Videos, named: bool) -> str:
    told = [point(one, numbers, videos, named=named) for one in section.points]
    if not section.title:
        return f'<p class="lr-text">{" ".join(told)}</p>'
    span = "" if section.start_s is None or section.end_s is None else span_of(section.start_s, section.end_s)
    items = "".join(f'<li class="lr-text">{one}</li>' for one in told)
    return f'<h3>{safe(section.title)} <small>{span}</small></h3><ul class="lr-points">{items}</ul>'


def point(told: PointOut, numbers: Numbers, videos: Videos, *, named: bool = False) -> str:
    """A sentence with the moments that it comes from; `named` tells the videos that they lie in."""
    label = f'<span class="lr-tag">{safe(told.label)}</span> ' if told.label else ""
    chips = "".join(chip(one, next(numbers), videos) for one in told.citations)
    titles = dict.fromkeys(title_of(one.video_id, videos) for one in told.citations)
    where = f" <small>{safe(', '.join(titles))}</small>" if named else ""
    return f"{label}{safe(told.text)} {chips}{where}"


FILES: Sequence[tuple[str, str, str]] = (
    ("md", "Markdown", "summary and chapters"),
    ("docx", "Word", "summary and chapters"),
    ("html", "Web page", "with a player that jumps to times"),
    ("json", "JSON", "the same for programs"),
    ("srt", "SubRip", "subtitles"),
    ("vtt", "WebVTT", "subtitles"),
    ("whisperx", "whisperX", "transcript with word times"),
    ("youtube", "YouTube", "chapters for a description"),
    ("srt-chapters", "Chapters, SubRip", "for players"),
    ("vtt-chapters", "Chapters, WebVTT", "for players"),
    ("edl", "EDL", "markers for an editor"),
    ("fcpxml", "Final Cut Pro XML", "markers for an editor"),
)
"""Format, its name for people, what is in it."""


def exports(video: VideoOut) -> str:
    """The video as files for other programs."""
    if not video.ready:
        return note("The files appear when a video has been read to its end.")
    items = "".join(
        f'<li><a class="lr-file" href="v1/videos/{safe(video.id)}/export?format={name}" download>'
        f"<b>{title}</b><small>{about}</small></a></li>"
        for name, title, about in FILES
    )
    return f'<ul class="lr-files" aria-label="Files to download">{items}</ul>'
