"""The summary of the open video: the form, and every sentence with its citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from markupsafe import Markup

from app.api.schemas import SummaryOut, VideoOut
from app.api.schemas.summaries import MadeSummaryOut, PointOut, SectionOut
from ui.render.citations import NumberedSource, Videos, number_sources
from ui.render.templates import fill

LENGTHS = {"line": "One line", "paragraph": "Paragraph", "page": "Page"}
STYLES = {
    "neutral": "Neutral",
    "minutes": "Minutes: decisions, votes, actions",
    "notes": "Study notes",
    "highlights": "Highlights",
}
QUOTED = "extractive"
"""The server's model name for summaries in the video's own sentences, without a model."""


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


@dataclass(frozen=True)
class SummaryForm:
    """The choices in the form."""

    length: str = "paragraph"
    style: str = "neutral"
    language: str = ""


@dataclass(frozen=True)
class CitedSentence:
    """A sentence of a summary with its sources."""

    point: PointOut
    sources: Sequence[NumberedSource]

    @property
    def titles(self) -> str:
        """The titles of the videos that it comes from."""
        return ", ".join(dict.fromkeys(one.title for one in self.sources))


def fields(chosen: SummaryForm) -> dict[str, Any]:
    """What the fields of a form for a summary offer, and what is chosen."""
    return {"lengths": LENGTHS, "styles": STYLES, "chosen": chosen}


def panel(inner: Markup, chosen: SummaryForm, *, busy: bool = False) -> Markup:
    """The form with the choices, and the summary below it."""
    return fill("summary_panel.html", inner=inner, busy=busy, **fields(chosen))


def stored(video: VideoOut, summary: SummaryOut | None) -> Markup:
    """The summary from ingest, shown until the user requests another."""
    sentences = cite(summary.points, count(1), {video.id: video}) if summary else []
    return fill("stored_summary.html", summary=summary, sentences=sentences)


def waiting() -> Markup:
    """Shown while a summary is written."""
    return fill("now.html", text="Choosing the most informative sentences, and checking them")


def written(summary: MadeSummaryOut, videos: Videos) -> Markup:
    """The sections of a summary; a single one without a title is running text."""
    return fill("summary.html", sections=cite_all(summary.sections, count(1), videos), author=author(summary.model))


def author(model: str) -> str:
    """The model that worded a summary; empty if its sentences are the video's own."""
    return "" if model == QUOTED else model


def cite_all(
    sections: Sequence[SectionOut], numbers: Iterator[int], videos: Videos
) -> list[tuple[SectionOut, list[CitedSentence]]]:
    """The sections of a summary, each with its sentences."""
    return [(section, cite(section.points, numbers, videos)) for section in sections]


def cite(points: Sequence[PointOut], numbers: Iterator[int], videos: Videos) -> list[CitedSentence]:
    """The sentences with their sources, whose numbers go on from one to the next."""
    return [CitedSentence(one, number_sources(one.citations, videos, numbers)) for one in points]
