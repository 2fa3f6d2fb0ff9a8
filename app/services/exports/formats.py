"""The export formats for a video, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

from app.core.errors import BadInput
from app.services import subtitles
from app.services.exports import chapters, lecture, markers, records
from app.services.exports.html_page import html_page
from app.services.exports.markdown import markdown
from app.services.exports.material import Material
from app.services.exports.word_file import docx

_DEVICE = regex.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|$)", regex.IGNORECASE)
_SAFE = regex.compile(r"[^\w\p{M}\u200c\u200d.()+ -]+")


@dataclass(frozen=True, slots=True)
class Format:
    """One export format."""

    suffix: str
    """The file suffix, without the first dot."""
    media_type: str
    write: Callable[[Material], bytes]
    about: str
    shows_slides: bool = False
    """Whether it needs the pictures of `Material.slides`."""


def _text(write: Callable[[Material], str]) -> Callable[[Material], bytes]:
    return lambda material: write(material).encode("utf-8", "replace")


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FORMATS: dict[str, Format] = {
    "md": Format("md", "text/markdown", _text(markdown), "summary, chapters and answers as Markdown"),
    "json": Format("json", "application/json", _text(records.as_json), "summary, chapters and answers for programs"),
    "html": Format("html", "text/html", _text(html_page), "a page with a player that jumps to times"),
    "docx": Format("docx", _DOCX, docx, "a Word document"),
    "slides-md": Format(
        "slides.zip", "application/zip", lecture.markdown_archive, "slides and text as Markdown with pictures", True
    ),
    "slides-html": Format("slides.html", "text/html", _text(lecture.web_page), "slides and text as one page", True),
    "slides-docx": Format("slides.docx", _DOCX, lecture.word_document, "slides and text as a Word document", True),
    "srt": Format(
        "srt", "application/x-subrip", _text(lambda one: subtitles.to_srt(one.utterances)), "the transcript as SubRip"
    ),
    "vtt": Format("vtt", "text/vtt", _text(lambda one: subtitles.to_vtt(one.utterances)), "the transcript as WebVTT"),
    "whisperx": Format(
        "whisperx.json", "application/json", _text(records.whisperx), "the transcript as whisperX writes it"
    ),
    "youtube": Format("youtube.txt", "text/plain", _text(chapters.youtube), "chapters for a YouTube description"),
    "srt-chapters": Format("chapters.srt", "application/x-subrip", _text(chapters.srt), "chapters as SubRip"),
    "vtt-chapters": Format("chapters.vtt", "text/vtt", _text(chapters.vtt), "chapters as WebVTT"),
    "edl": Format("edl", "text/plain", _text(markers.edl), "markers as an edit list, non-drop timecode"),
    "fcpxml": Format("fcpxml", "application/xml", _text(markers.fcpxml), "markers as Final Cut Pro XML"),
}


def named(names: Sequence[str]) -> list[str]:
    """Format names without duplicates. Raises BadInput for an unknown one, listing the known ones."""
    for name in names:
        if name not in FORMATS:
            raise BadInput(f"There is no export format {name}.", f"Choose from {', '.join(FORMATS)}.")
    return list(dict.fromkeys(names))


def file_stem(title: str) -> str:
    """A file name for a title, valid on any file system, and no option of a command.

    Most systems allow 255 bytes, including the suffix, and Windows keeps some names for devices.
    """
    short = _SAFE.sub("_", title).lstrip(". -")[:120].encode()[:200]
    stem = short.decode("utf-8", "ignore").rstrip(". ")
    return f"_{stem}" if _DEVICE.match(stem) else stem or "video"
