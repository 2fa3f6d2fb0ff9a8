"""A lecture is written as its slides, each once and complete, with what is said while it is shown."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from dataclasses import replace

import docx
from PIL import Image

from app.core.types import Chapter, Segment, SegmentKind, TimeSpan
from app.services.exports import FORMATS, Material
from app.services.exports.lecture import slides_of
from tests.unit.services.summarize.library import a_video, said

VIDEO = a_video("l", "Harbour lecture", seconds=120.0)
SAID = said(
    ("The harbour was built in 2031.", "Its walls are thick.", "The crane lifts ninety tons.", "Any questions?"),
    each_s=30.0,
)
SLIDES = (
    (TimeSpan(5, 20), "The harbour\nBuilt in 2031"),
    (TimeSpan(20, 58), "The harbour\nBuilt in 2031\nThick walls of stone"),
    (TimeSpan(61, 110), "The crane lifts ninety tons"),
    (TimeSpan(112, 113), "Thanks"),
)
CHAPTERS = (Chapter(TimeSpan(0, 60), "Harbour", ""), Chapter(TimeSpan(60, 120), "Crane", ""))


def written() -> list[Segment]:
    return [
        Segment(f"t{n}", VIDEO.id, SegmentKind.SCREEN_TEXT, span, text, "reader", frame_s=span.end_s - 1)
        for n, (span, text) in enumerate(SLIDES)
    ]


def picture(time_s: float) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 36), (int(time_s), 0, 0)).save(file, "JPEG")
    return file.getvalue()


def lecture() -> Material:
    slides = slides_of(VIDEO, SAID, written(), CHAPTERS, picture)
    return Material(VIDEO, tuple(SAID), CHAPTERS, slides=slides)


def test_a_slide_that_fills_up_is_shown_once_when_it_is_full_with_all_that_is_said() -> None:
    slides = lecture().slides
    assert [slide.written for slide in slides] == [SLIDES[1][1], SLIDES[2][1]]
    assert [slide.said for slide in slides] == [
        "The harbour was built in 2031. Its walls are thick.",
        "The crane lifts ninety tons. Any questions?",
    ]
    assert slides[0].picture == picture(57.0)


def test_the_archive_has_markdown_whose_pictures_are_in_it() -> None:
    packed = zipfile.ZipFile(io.BytesIO(FORMATS["slides-md"].write(lecture())))
    text = packed.read("lecture.md").decode()
    pictures = re.findall(r"\]\((pictures/[^)]*)\)", text)
    assert len(pictures) == 2 and set(pictures) < set(packed.namelist())
    assert Image.open(io.BytesIO(packed.read(pictures[0]))).size == (64, 36)
    order = [
        text.index(part) for part in ("## Harbour", pictures[0], "thick", "## Crane", pictures[1], "Any questions")
    ]
    assert order == sorted(order)


def test_the_page_holds_its_pictures() -> None:
    page = FORMATS["slides-html"].write(lecture()).decode()
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]*)"', page)
    assert [base64.b64decode(one) for one in pictures] == [slide.picture for slide in lecture().slides]


def test_the_word_document_has_its_pictures_between_its_texts() -> None:
    document = docx.Document(io.BytesIO(FORMATS["slides-docx"].write(lecture())))
    assert len(document.inline_shapes) == 2
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts.index("Harbour") < texts.index("Crane")


def test_without_slides_there_is_a_picture_a_chapter_and_of_a_sound_file_only_what_is_said() -> None:
    slides = slides_of(VIDEO, SAID, [], CHAPTERS, picture)
    assert [slide.time_s for slide in slides] == [0.0, 60.0]
    sound = replace(VIDEO, media=replace(VIDEO.media, video=None))
    heard = slides_of(sound, SAID, [], CHAPTERS, picture)
    assert [(slide.picture, slide.said) for slide in heard] == [(b"", slide.said) for slide in slides]
    page = FORMATS["slides-html"].write(Material(sound, tuple(SAID), CHAPTERS, slides=heard)).decode()
    assert "<img" not in page and "ninety tons" in page
