"""The summary of the open video: the form, and every sentence with its citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from app.api.schemas import SummaryOut, VideoOut
from app.api.schemas.summaries import MadeSummaryOut, PointOut, SectionOut
from ui.render.citations import Videos, chip, title_of
from ui.render.markup import note, safe, span_of

LENGTHS = {"line": "One line", "paragraph": "Paragraph", "page": "Page"}
STYLES = {
    "neutral": "Neutral",
    "minutes": "Minutes: decisions, votes, actions",
    "notes": "Study notes",
    "highlights": "Highlights",
}
Numbers = Iterator[int]
"""The numbers of the sources, from 1."""

QUOTED = "extractive"
"""The server's model name for summaries in the video's own sentences, without a model."""


@dataclass(frozen=True)
class SummaryForm:
    """The choices in the form."""

    length: str = "paragraph"
    style: str = "neutral"
    language: str = ""


def panel(inner: str, chosen: SummaryForm, *, busy: bool = False) -> str:
    """The form with the choices, and the summary below it. `inner` is HTML."""
    state = ' aria-busy="true"' if busy else ""
    return (
        '<div role="tabpanel" id="lr-summary" aria-labelledby="lr-tab-summary" tabindex="0">'
        f'<form id="lr-summarize" class="lr-bar" aria-label="Summarize">{choices(chosen)}'
        f'<button type="submit" class="lr-main"{" disabled" if busy else ""}>Summarize</button></form>'
        f'<div class="lr-made"{state}>{inner}</div></div>'
    )


def choices(chosen: SummaryForm, of: str = "summary") -> str:
    """Length, style and language as form fields; `of` makes their ids unique."""
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


def stored(video: VideoOut, summary: SummaryOut | None) -> str:
    """The summary from ingest, shown until the user requests another."""
    if summary is None:
        return note("The summary and the chapters appear once the video has been processed.")
    numbers, videos = count(1), {video.id: video}
    if not summary.points:
        return f'<p class="lr-text">{safe(summary.summary)}</p>'
    return f'<p class="lr-text">{" ".join(point(one, numbers, videos) for one in summary.points)}</p>'


def waiting() -> str:
    """Shown while a summary is written."""
    return '<p role="status" class="lr-now">Choosing the most informative sentences, and checking them</p>'


def written(summary: MadeSummaryOut, videos: Videos) -> str:
    """The sections of a summary; a single one without a title is running text."""
    if not summary.sections:
        return note("There is nothing to summarize: nothing is said or written in this video.")
    text = sections(summary.sections, count(1), videos)
    return f"{text}{phrased_by(summary.model)}"


def phrased_by(model: str) -> str:
    """A note on who worded a summary."""
    how = "Key sentences, in the video's own words." if model == QUOTED else f"Written by {safe(model)}."
    return f"<p><small>{how} Click a time to play the source of a sentence.</small></p>"


def sections(items: Sequence[SectionOut], numbers: Numbers, videos: Videos, *, named: bool = False) -> str:
    """The sections of a summary, with numbered sources; `named` adds the video's title to each sentence."""
    html = []
    for section in items:
        points = [point(one, numbers, videos, named=named) for one in section.points]
        if not section.title:
            html.append(f'<p class="lr-text">{" ".join(points)}</p>')
            continue
        span = "" if section.start_s is None or section.end_s is None else span_of(section.start_s, section.end_s)
        points += [f"<small>and {section.left_out} more</small>"] if section.left_out else []
        lines = "".join(f'<li class="lr-text">{one}</li>' for one in points)
        html.append(f'<h3>{safe(section.title)} <small>{span}</small></h3><ul class="lr-points">{lines}</ul>')
    return "".join(html)


def point(sentence: PointOut, numbers: Numbers, videos: Videos, *, named: bool = False) -> str:
    """A sentence with its citations; `named` adds the titles of their videos."""
    label = f'<span class="lr-tag">{safe(sentence.label)}</span> ' if sentence.label else ""
    label += f"<small>{safe(sentence.who)}:</small> " if sentence.who else ""
    chips = "".join(chip(one, next(numbers), videos) for one in sentence.citations)
    titles = dict.fromkeys(title_of(one.video_id, videos) for one in sentence.citations)
    where = f" <small>{safe(', '.join(titles))}</small>" if named else ""
    return f"{label}{safe(sentence.text)} {chips}{where}"


FILES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "Summary and chapters": (
        ("md", "Markdown", "for notes"),
        ("docx", "Word", "for print"),
        ("html", "Web page", "with a player"),
        ("json", "JSON", "for programs"),
    ),
    "Slides with what is said": (
        ("slides-docx", "Word", "for print"),
        ("slides-html", "Web page", "one file"),
        ("slides-md", "Markdown", "with pictures, as ZIP"),
    ),
    "Transcript": (
        ("srt", "SubRip", "subtitles"),
        ("vtt", "WebVTT", "subtitles"),
        ("whisperx", "whisperX", "with word times"),
    ),
    "Chapters": (
        ("youtube", "YouTube", "for a description"),
        ("srt-chapters", "SubRip", "for players"),
        ("vtt-chapters", "WebVTT", "for players"),
    ),
    "Markers for editing": (("edl", "EDL", "an edit list"), ("fcpxml", "Final Cut Pro", "as XML")),
}
"""By group: the format, its name for people, and what it is for."""


def exports(video: VideoOut) -> str:
    """The video as files for other programs."""
    if not video.ready:
        return note("The files appear once the video has been processed.")
    groups = []
    for group, files in FILES.items():
        items = "".join(
            f'<li><a class="lr-file" href="v1/videos/{safe(video.id)}/export?format={name}" download>'
            f"<b>{title}</b><small>{about}</small></a></li>"
            for name, title, about in files
        )
        groups.append(f'<h3>{group}</h3><ul class="lr-files" aria-label="{group}">{items}</ul>')
    return "".join(groups)
