"""tally: counts by code what a model would miscount: evidence, how often a word is said or written, things seen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agents.evidence import Finding, Passage
from agents.evidence.mentions import count_term
from agents.evidence.reading import read_span
from agents.evidence.things import ASK, count_facts, kinds_meant, known_kinds
from agents.state import Coverage
from agents.tools.base import Outcome, SpanIn, Tool, ToolContext
from app.core.errors import ToolRefused
from app.core.timecode import clock
from app.core.types import SegmentKind
from app.text.tokens import words

MOST_SHOWN = 40


class Tally(Tool):
    """Counts by code: how many pieces of evidence you name (ids), how often a word or phrase is said or written
    (term), or how many of a thing are seen (thing). The result is a finding, such as F1, that an answer can cite."""

    ids: list[str] = Field([], max_length=500, description="pieces of evidence to count, such as E3")
    term: str = Field("", max_length=120, description="instead of ids: a word or phrase to count")
    thing: str = Field("", max_length=120, description="instead of ids: a thing that is seen, such as car")
    source: Literal["speech", "screen_text"] = Field("speech", description="where the term is counted")
    video: str = Field("all", description="a video such as V1, or all")
    span: SpanIn | None = None

    def run(self, context: ToolContext) -> Outcome:
        """A finding with the number, and what was counted."""
        if self.term.strip():
            return self._count_term(context)
        if self.thing.strip():
            return self._count_thing(context)
        passages = tuple(context.evidence(self.ids))
        if not passages:
            raise ToolRefused("Give ids of evidence, a term, or a thing.")
        listed = ", ".join(passage.id for passage in passages)
        return Outcome((Finding(f"{len(passages)} pieces of evidence: {listed}.", passages),))

    def _count_thing(self, context: ToolContext) -> Outcome:
        """Counted from the tracks that ingest made; each fact is a finding with the span that shows it."""
        store, work = context.work.parts.tracks, context.work
        context.require(SegmentKind.OBJECT)
        findings = []
        for video, span in context.scope(self.video, self.span):
            tracks = store.tracks(video.id, span) if store else []
            for kind in kinds_meant(ASK.format(self.thing), work.parts.text_embedder, known_kinds(work, tracks)):
                findings += [Finding(p.text, (p,)) for p in count_facts(work, video, span, kind, tracks)]
        if not findings:
            raise ToolRefused(f"No {self.thing} was followed through the video. Look at the pictures instead.")
        return Outcome((*findings, *(passage for finding in findings for passage in finding.passages)))

    def _count_term(self, context: ToolContext) -> Outcome:
        if not words(self.term):
            raise ToolRefused("The term holds no word.")
        context.require(SegmentKind(self.source))
        scope = context.scope(self.video, self.span)
        kind, library = SegmentKind(self.source), context.work.parts.library
        total, where = count_term(library, self.term, scope, kind)
        how = "said" if kind is SegmentKind.SPEECH else "written on the screen"
        place = f" in {scope[0][0].title}" if len(scope) == 1 < len(context.videos) else ""
        place += f" from {clock(self.span.start_s)} to {clock(self.span.end_s)}" if self.span else ""
        text = f"“{self.term}” is {how} {total} times{place}, counted word by word."
        # That there is none is shown by the whole of it, if its words are known.
        known = ((video, span) for video, span in scope if read_span(library, video, video.media.whole, (kind,)))
        where = where or [Passage(video.id, SegmentKind.OBJECT, span, text) for video, span in known]
        if not where:
            raise ToolRefused(f"Nothing was counted: nothing is known of what is {how} there.")
        inspected = tuple(Coverage(self.source, video.id, span) for video, span in scope)
        rest = (f"{len(where) - MOST_SHOWN} more passages hold it.",) if len(where) > MOST_SHOWN else ()
        return Outcome((Finding(text, tuple(where)), *where[:MOST_SHOWN], *rest), inspected)
