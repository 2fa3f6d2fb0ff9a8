"""A lecture as slides and text: each picture that shows something new, and below it what is said while it is shown.

As a ZIP archive of Markdown and pictures, as one web page, and as a Word document.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.timecode import clock
from app.core.types import Chapter, Segment, SegmentKind, Utterance, Video
from app.services.exports.html_page import plain_page
from app.services.exports.markdown import escaped, linked
from app.services.exports.material import Material, Slide, headline
from app.services.exports.word_file import add_time, word_file
from app.services.exports.xml_text import legal
from app.services.screen_text_filter import filter_screen_text
from app.services.topics import Sentence
from app.services.transcript_sentences import transcript_sentences
from app.text.fuzzy import contains

if TYPE_CHECKING:
    from docx.document import Document

LEAST_WORDS = 3
"""A text on the screen with fewer words makes no slide."""
SAME = 0.85
"""A slide of which the next one holds this much is the same slide, still being filled."""
PARAGRAPH_S = 60.0
PICTURE_SIDE = 1280
_DATE = (1980, 1, 1, 0, 0, 0)

Picture = Callable[[float], bytes]
"""Returns the frame at a time as JPEG."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A slide before its picture is read: when it is complete, and from when on it is shown."""

    start_s: float
    frame_s: float
    text: str


def slides_of(
    video: Video,
    utterances: Sequence[Utterance],
    written: Sequence[Segment],
    chapters: Sequence[Chapter],
    picture: Picture,
) -> tuple[Slide, ...]:
    """The slides of a video in order, each with what is said until the next one.

    Without slides there is a picture for each chapter, and of a sound file only what is said.
    """
    has_pictures = video.media.video is not None
    shown = _distinct(written) or [_Shown(c.span.start_s, c.span.middle_s, "") for c in chapters]
    sentences = transcript_sentences(utterances)
    ends = [one.start_s for one in shown[1:]] + [video.duration_s + 1.0]
    slides = []
    for number, (one, end_s) in enumerate(zip(shown, ends, strict=True)):
        start_s = one.start_s if number else 0.0
        own = [s for s in sentences if start_s <= s.span.middle_s < end_s]
        shot = picture(one.frame_s) if has_pictures else b""
        slides.append(Slide(one.start_s, shot, one.text, _paragraphs(own)))
    return tuple(slides)


def markdown_archive(material: Material) -> bytes:
    """A ZIP archive: lecture.md and the folder `pictures`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        names = [f"pictures/{number:03d}.jpg" for number in range(1, len(material.slides) + 1)]
        text = _markdown(material, names)
        files = {"lecture.md": text.encode("utf-8", "replace")}
        files |= {name: slide.picture for name, slide in zip(names, material.slides, strict=True)}
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def web_page(material: Material) -> str:
    """One page that holds its pictures."""
    encoded = (base64.b64encode(slide.picture).decode("ascii") for slide in material.slides)
    marks = [f"picture-{number}" for number in range(len(material.slides))]
    page = plain_page(headline(material.video.title), _markdown(material, marks))
    for mark, data in zip(marks, encoded, strict=True):
        page = page.replace(f'src="{mark}"', f'src="data:image/jpeg;base64,{data}" style="max-width:100%"', 1)
    return page


def word_document(material: Material) -> bytes:
    """A Word document with its pictures. Raises MissingPart if python-docx is missing."""

    def write(document: Document) -> None:
        from docx.shared import Inches

        for heading, slide in _headed(material):
            if heading:
                document.add_heading(legal(heading), 1)
            if slide.picture:
                document.add_picture(io.BytesIO(slide.picture), width=Inches(6))
            add_time(document.add_paragraph(), clock(slide.time_s), material.at(slide.time_s))
            for paragraph in slide.said.split("\n\n"):
                document.add_paragraph(legal(paragraph))

    return word_file(material, write)


def _markdown(material: Material, pictures: Sequence[str]) -> str:
    parts = [f"# {escaped(headline(material.video.title))}", clock(material.video.duration_s)]
    for (heading, slide), address in zip(_headed(material), pictures, strict=True):
        parts += [f"## {escaped(heading)}"] if heading else []
        alt = escaped(slide.written.split("\n")[0]) or f"The picture at {clock(slide.time_s)}"
        parts += [f"![{alt}]({address})"] if slide.picture else []
        parts.append(linked(clock(slide.time_s), material.at(slide.time_s)))
        parts += [escaped(paragraph) for paragraph in slide.said.split("\n\n") if paragraph]
    return "\n\n".join([*parts, "---", f"*{escaped(material.footer())}*"]) + "\n"


def _headed(material: Material) -> list[tuple[str, Slide]]:
    """The slides, the first of each chapter with its title."""
    headed, waiting = [], list(material.chapters)
    for slide in material.slides:
        title = ""
        while waiting and waiting[0].span.start_s <= slide.time_s + 1.0:
            title = waiting.pop(0).title
        headed.append((title, slide))
    return headed


def _distinct(written: Sequence[Segment]) -> list[_Shown]:
    """The texts on the screen that are slides, a slide that fills up line by line once, in its last state."""
    texts = [Sentence(s.span, SegmentKind.SCREEN_TEXT, s.text, s.frame_s) for s in written]
    shown: list[_Shown] = []
    for text in filter_screen_text(texts):
        if text.quote or len(text.text.split()) < LEAST_WORDS:
            continue
        frame_s = text.frame_s if text.frame_s is not None else text.span.middle_s
        if shown and contains(shown[-1].text, text.text) >= SAME:
            shown[-1] = _Shown(shown[-1].start_s, frame_s, text.text)
        elif not shown or contains(text.text, shown[-1].text) < SAME:
            shown.append(_Shown(text.span.start_s, frame_s, text.text))
    return shown


def _paragraphs(sentences: Sequence[Sentence]) -> str:
    """Sentences as running text, a paragraph a minute."""
    paragraphs: list[list[str]] = []
    begun_s = 0.0
    for sentence in sentences:
        if not paragraphs or sentence.span.start_s - begun_s > PARAGRAPH_S:
            paragraphs.append([])
            begun_s = sentence.span.start_s
        paragraphs[-1].append(sentence.text)
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)
