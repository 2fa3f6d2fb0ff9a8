"""tally: counts by code what a model would miscount: pieces of evidence, or how often a word is said or written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agents.evidence import Finding, Passage
from agents.evidence.reading import read_span
from agents.state import Coverage
from agents.tools.base import Arguments, Outcome, SpanIn, Tool, ToolContext
from app.core.errors import ToolRefused
from app.core.types import SegmentKind
from app.text.tokens import words

MOST_SHOWN = 40


class Tally(Arguments):
    """Arguments of tally."""

    ids: list[str] = Field([], max_length=500, description="pieces of evidence to count, such as E3")
    term: str = Field("", max_length=120, description="instead of ids: a word or phrase to count")
    source: Literal["speech", "screen_text"] = Field("speech", description="where the term is counted")
    video: str = Field("all", description="a video such as V1, or all")
    span: SpanIn | None = None


def tally(call: Tally, context: ToolContext) -> Outcome:
    """A finding with the number, and what was counted."""
    if call.term.strip():
        return _count_term(call, context)
    known = {passage.id: passage for passage in context.state["evidence"]}
    passages = tuple(known[id] for id in dict.fromkeys(call.ids) if id in known)
    if not passages:
        raise ToolRefused("Give ids of evidence that exist, or a term.")
    return Outcome((Finding(f"{len(passages)} pieces of evidence: {', '.join(p.id for p in passages)}.", passages),))


def _count_term(call: Tally, context: ToolContext) -> Outcome:
    wanted = words(call.term)
    if not wanted:
        raise ToolRefused("The term holds no word.")
    videos = list(context.videos.values()) if call.video.lower() in ("", "all") else [context.video(call.video)]
    kind = SegmentKind(call.source)
    total, where, inspected = 0, [], []
    for video in videos:
        span = context.span(video, call.span)
        for passage in read_span(context.work.parts.library, video, span, (kind,)):
            times = _occurrences(wanted, words(passage.text))
            total += times
            where += [passage] if times else []
        inspected.append(Coverage(call.source, video.id, span))
    how = "said" if kind is SegmentKind.SPEECH else "written on the screen"
    finding = Finding(f"“{call.term}” is {how} {total} times, counted word by word.", tuple(where))
    rest = (f"{len(where) - MOST_SHOWN} more passages hold it.",) if len(where) > MOST_SHOWN else ()
    shown: tuple[Passage, ...] = tuple(where[:MOST_SHOWN])
    return Outcome((finding, *shown, *rest), tuple(inspected))


def _occurrences(wanted: list[str], text: list[str]) -> int:
    size = len(wanted)
    return sum(text[at : at + size] == wanted for at in range(len(text) - size + 1))


TOOL = Tool(
    "tally",
    "Counts by code: how many pieces of evidence you name (ids), or how often a word or phrase is said or written "
    "(term). The result is a finding, such as F1, that an answer can cite.",
    Tally,
    tally,
)
