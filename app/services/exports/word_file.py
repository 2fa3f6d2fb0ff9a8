"""A video as a Word document (Office Open XML)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from app.core.describe import explain_status
from app.core.errors import MissingPart
from app.core.timecode import clock, span_clock
from app.services.exports.markdown import STATUS
from app.services.exports.material import Material
from app.services.exports.xml_text import legal
from app.services.summarize.shapes import Point

if TYPE_CHECKING:
    from docx.document import Document


def docx(material: Material) -> bytes:
    """Summary, chapters and answers with headings and times. Raises MissingPart if python-docx is missing."""
    try:
        import docx as library
    except ImportError as error:
        raise MissingPart("Word files need the package python-docx.", "pip install python-docx") from error
    document = library.Document()
    document.core_properties.title = legal(material.video.title)[:250]
    document.add_heading(legal(material.video.title), 0)
    document.add_paragraph(" · ".join(filter(None, (clock(material.video.duration_s), material.video.language))))
    _summary(document, material)
    _chapters(document, material)
    _answers(document, material)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _summary(document: Document, material: Material) -> None:
    if material.sections:
        document.add_heading("Summary", 1)
    for section in material.sections:
        if section.title:
            document.add_heading(legal(section.title), 2)
        for point in section.points:
            _point(document, point)


def _point(document: Document, point: Point) -> None:
    paragraph = document.add_paragraph(style="List Bullet")
    if point.label:
        paragraph.add_run(f"{point.label.capitalize()}: ").bold = True
    paragraph.add_run(legal(point.text))
    times = ", ".join(dict.fromkeys(span_clock(one.span) for one in point.citations))
    paragraph.add_run(f" [{times}]").italic = True


def _chapters(document: Document, material: Material) -> None:
    if material.chapters:
        document.add_heading("Chapters", 1)
    for chapter in material.chapters:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"{clock(chapter.span.start_s)}  {legal(chapter.title)}").bold = True
        if chapter.summary:
            paragraph.add_run(f"  {legal(chapter.summary)}")


def _answers(document: Document, material: Material) -> None:
    if material.answers:
        document.add_heading("Questions", 1)
    for one in material.answers:
        document.add_heading(legal(one.question), 2)
        document.add_paragraph(legal(one.answer.text or STATUS.get(one.answer.status, "")))
        note = explain_status(one.answer.status, one.answer.searched, one.answer.missing)
        if note:
            document.add_paragraph(legal(note))
        for citation in one.answer.citations:
            quote = f'[{span_clock(citation.span)}] "{legal(citation.quote)}"'
            document.add_paragraph(quote, style="List Bullet")
