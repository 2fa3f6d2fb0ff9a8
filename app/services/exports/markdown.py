"""One or several videos as Markdown (CommonMark). Text from videos is escaped: it is never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.core.describe import explain_status
from app.core.timecode import clock, span_clock
from app.core.types import AnswerStatus, Citation
from app.services.exports.material import AnsweredQuestion, Material
from app.services.summarize.shapes import EXTRACTIVE, Point, Section

Link = Callable[[Citation], str]
"""Returns the address of a citation's moment."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_BLOCK = re.compile(r"^(\s*)([-+=]|\d+[.)])")

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

    by = {"": "", EXTRACTIVE: "in the video's own words"}.get(material.model, f"phrased by {material.model}")
    facts = [clock(video.duration_s), video.language or "", by]
    parts = [f"# {escaped(video.title)}", " · ".join(escaped(fact) for fact in facts if fact)]
    if material.sections:
        parts += ["## Summary", *(section_text(one, link) for one in material.sections)]
    if material.chapters:
        parts.append("## Chapters")
        lines = []
        for chapter in material.chapters:
            summary = f": {escaped(chapter.summary)}" if chapter.summary else ""
            start = chapter.span.start_s
            lines.append(f"- [{clock(start)}](<{at(start)}>) **{escaped(chapter.title)}**{summary}")
        parts.append("\n".join(lines))
    if material.answers:
        parts += ["## Questions", *(answer_text(one, link) for one in material.answers)]
    return "\n\n".join(parts) + "\n"


def section_text(section: Section, link: Link) -> str:
    """A heading, if there is one, and a line for each point."""
    lines = "\n".join(f"- {point_text(point, link)}" for point in section.points)
    return f"### {escaped(section.title)}\n\n{lines}" if section.title else lines


def point_text(point: Point, link: Link) -> str:
    """A point with links to its times."""
    label = f"**{point.label.capitalize()}:** " if point.label else ""
    return f"{label}{escaped(point.text)} {moments(point.citations, link)}"


def moments(citations: Sequence[Citation], link: Link) -> str:
    """Links such as [0:12-0:20]."""
    shown = [f"[{span_clock(one.span)}](<{link(one)}>)" for one in citations]
    return " ".join(dict.fromkeys(shown))


def answer_text(answered: AnsweredQuestion, link: Link) -> str:
    """A question, its answer, and the quotes that support it."""
    answer = answered.answer
    said = STATUS.get(answer.status, "") if not answer.text else answer.text
    lines = [f"### {escaped(answered.question)}", "", escaped(said)]
    note = explain_status(answer.status, answer.searched, answer.missing)
    lines += ["", escaped(note)] if note else []
    if answer.citations:
        lines.append("")
    lines += [f'- {moments([one], link)} "{escaped(" ".join(one.quote.split()))}"' for one in answer.citations]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _BLOCK.sub(lambda match: f"{match[1]}\\{match[2]}" if not match[2][0].isdigit() else _number(match), line)


def _number(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2][:-1]}\\{match[2][-1]}"
