"""One or several videos as Markdown (CommonMark). Text from videos is escaped: it is never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.core.timecode import clock, span_clock
from app.core.types import Answer, AnswerStatus, Citation
from app.services.exports.material import AnsweredQuestion, Material, headline
from app.services.summarize.shapes import Point, Section

Link = Callable[[Citation], str]
"""Returns the address of a citation's moment; "" if it has none."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_BLOCK = re.compile(r"^\s*(?=[-+=])|^\s*\d+(?=[.)])")

STATUS = {
    AnswerStatus.NOT_IN_VIDEO: "The video does not say.",
    AnswerStatus.INSUFFICIENT: "This could not be decided.",
}


def markdown(material: Material) -> str:
    """The page of one video; times link into its file."""
    return page(material, material.at)


def page(material: Material, at: Callable[[float], str]) -> str:
    """The page of one video; `at` returns the address of a time in seconds."""
    video = material.video

    def link(citation: Citation) -> str:
        return at(citation.span.start_s)

    parts = [f"# {escaped(headline(video.title))}", clock(video.duration_s)]
    if material.sections:
        parts += [f"## {material.heading}", *(section_text(one, link) for one in material.sections)]
    if len(material.chapters) > 1:
        parts.append("## Chapters")
        lines = []
        for chapter in material.chapters:
            summary = f": {escaped(chapter.summary)}" if chapter.summary else ""
            start = chapter.span.start_s
            lines.append(f"- {linked(clock(start), at(start))} **{escaped(chapter.title)}**{summary}")
        parts.append("\n".join(lines))
    if material.answers:
        parts += ["## Questions", *(answer_text(one, link) for one in material.answers)]
    return "\n\n".join([*parts, "---", f"*{escaped(material.footer())}*"]) + "\n"


def section_text(section: Section, link: Link) -> str:
    """A heading, if there is one, and a line for each point."""
    lines = [f"- {point_text(point, link)}" for point in section.points]
    lines += [f"- {left_out(section)}"] if section.left_out else []
    text = "\n".join(lines)
    return f"### {escaped(section.title)}\n\n{text}" if section.title else text


def left_out(section: Section) -> str:
    """What a section says of the points for which its length has no room."""
    return f"and {section.left_out} more, which minutes of a page hold"


def point_text(point: Point, link: Link) -> str:
    """A point with links to its times."""
    who = f" ({escaped(point.who)})" if point.who else ""
    label = f"**{point.label.capitalize()}**{who}: " if point.label else ""
    return f"{label}{escaped(point.text)} {moments(point.citations, link)}"


def moments(citations: Sequence[Citation], link: Link) -> str:
    """Links such as [0:12-0:20], or plain times."""
    shown = [linked(span_clock(one.span), link(one)) for one in citations]
    return " ".join(dict.fromkeys(shown))


def linked(text: str, address: str) -> str:
    """A link, or the text in brackets where there is nothing to link to."""
    return f"[{text}](<{address}>)" if address else f"\\[{text}\\]"


def answer_text(answered: AnsweredQuestion, link: Link) -> str:
    """A question, its answer, and the quotes that support it."""
    answer = answered.answer
    lines = [f"### {escaped(answered.question)}", "", escaped(short_answer(answer))]
    if answer.citations:
        lines.append("")
    lines += [f'- {moments([one], link)} "{escaped(" ".join(one.quote.split()))}"' for one in answer.citations]
    return "\n".join(lines)


def short_answer(answer: Answer) -> str:
    """The answer, or in a few words that there is none; an answer also says what it leaves out."""
    text = answer.text or STATUS.get(answer.status, "")
    return " ".join([text, *answer.missing]) if answer.status is AnswerStatus.ANSWERED else text


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _BLOCK.sub(r"\g<0>\\", line)
