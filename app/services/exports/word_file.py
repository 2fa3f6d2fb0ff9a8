"""A video as a Word document (Office Open XML)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.errors import MissingPart
from app.core.timecode import clock, span_clock
from app.services.exports.markdown import left_out, short_answer
from app.services.exports.material import Material, headline
from app.services.exports.xml_text import legal

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph


def docx(material: Material) -> bytes:
    """Summary, chapters and answers with headings and times. Raises MissingPart if python-docx is missing."""

    def write(document: Document) -> None:
        document.add_paragraph(clock(material.video.duration_s))
        _summary(document, material)
        if len(material.chapters) > 1:
            document.add_heading("Chapters", 1)
            for chapter in material.chapters:
                paragraph = document.add_paragraph()
                add_time(paragraph, clock(chapter.span.start_s), material.at(chapter.span.start_s))
                paragraph.add_run(f"  {legal(chapter.title)}").bold = True
                if chapter.summary:
                    paragraph.add_run(f"  {legal(chapter.summary)}")
        if material.answers:
            document.add_heading("Questions", 1)
        for one in material.answers:
            document.add_heading(legal(one.question), 2)
            document.add_paragraph(legal(short_answer(one.answer)))
            for citation in one.answer.citations:
                paragraph = document.add_paragraph(style="List Bullet")
                add_time(paragraph, f"[{span_clock(citation.span)}]", material.at(citation.span.start_s))
                paragraph.add_run(f' "{legal(citation.quote)}"')

    return word_file(material, write)


def word_file(material: Material, write: Callable[[Document], None]) -> bytes:
    """A Word document with the video's title, what `write` adds to it, and the footer. Raises MissingPart."""
    try:
        import docx as library
    except ImportError as error:
        raise MissingPart("Word files need the package python-docx.", "pip install python-docx") from error
    document = library.Document()
    title = legal(headline(material.video.title))
    document.core_properties.title = title[:250]
    document.add_heading(title, 0)
    write(document)
    document.add_paragraph(legal(material.footer())).runs[0].italic = True
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _summary(document: Document, material: Material) -> None:
    if material.sections:
        document.add_heading(material.heading, 1)
    for section in material.sections:
        if section.title:
            document.add_heading(legal(section.title), 2)
        for point in section.points:
            paragraph = document.add_paragraph(style="List Bullet")
            if point.label:
                paragraph.add_run(point.label.capitalize()).bold = True
                paragraph.add_run(f" ({legal(point.who)}): " if point.who else ": ")
            paragraph.add_run(legal(point.text))
            for citation in dict.fromkeys(point.citations):
                paragraph.add_run(" ")
                add_time(paragraph, f"[{span_clock(citation.span)}]", material.at(citation.span.start_s))
        if section.left_out:
            document.add_paragraph(left_out(section), style="List Bullet")


def add_time(paragraph: Paragraph, text: str, address: str) -> None:
    """Adds a time to a paragraph, as a link where there is something to play."""
    run = paragraph.add_run(text)
    run.italic = True
    if not address:
        return
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run.font.underline = True
    paragraph._p.remove(run._r)
    link.append(run._r)
    paragraph._p.append(link)
