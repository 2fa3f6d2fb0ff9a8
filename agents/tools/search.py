"""search: finds the sentences, screen texts and descriptions that fit some words best, in every language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from agents.coverage import words_covered
from agents.evidence import Passage
from agents.evidence.reading import READABLE, from_segment, from_utterance, is_guess
from agents.parts import AgentRun
from agents.tools.base import Outcome, SpanIn, Tool, ToolContext
from app.core.events import Searched
from app.core.types import Evidence, SegmentKind, TimeSpan, Video, VideoId

Source = Literal["speech", "screen_text", "seen", "heard"]
KINDS: dict[Source, tuple[SegmentKind, ...]] = {
    "speech": (SegmentKind.SPEECH,),
    "screen_text": (SegmentKind.SCREEN_TEXT,),
    "seen": (SegmentKind.VISUAL, SegmentKind.CAPTION, SegmentKind.EVENT, SegmentKind.OBJECT),
    "heard": (SegmentKind.SOUND,),
}
RANK_CONSTANT = 60
"""Of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
MOST_SENTENCES = 6
"""Sentences shown of one segment of speech, around the best."""
MOST_TEXTS = 4
"""Texts shown of one reading of the screen."""


class Search(Tool):
    """Finds what is said, written on the screen, or was seen, by meaning and by words, in any language. Give several
    wordings at once, also in the video's language. A search that finds nothing useful proves little: read or look."""

    queries: list[str] = Field(
        min_length=1, max_length=6, description="what to look for, in several wordings; any language"
    )
    sources: list[Source] = Field(
        [], description="where it is said, written, seen or heard (music, singing, silence); empty: everywhere"
    )
    video: str = Field("all", description="a video such as V1, or all")
    span: SpanIn | None = None
    k: int = Field(8, ge=1, le=20, description="how many segments to return")

    def run(self, context: ToolContext) -> Outcome:
        """The best segments over all queries, speech as single sentences."""
        scope = context.scope(self.video, self.span)
        kinds = tuple(kind for source in self.sources for kind in KINDS[source]) or READABLE
        plan = context.state["plan"]
        kinds = tuple(filter(plan.allows, kinds)) or plan.sources
        passages = find(self.queries, scope, kinds, self.k, context.work)
        inspected = tuple(one for video, span in scope for one in words_covered(video, span, kinds))
        context.report(Searched("; ".join(self.queries), tuple(p.hit for p in passages)))
        return Outcome(tuple(passages) or ("Nothing was found.",), inspected)


def find(
    queries: Sequence[str],
    scope: Sequence[tuple[Video, TimeSpan]],
    kinds: Sequence[SegmentKind],
    limit: int,
    work: AgentRun,
) -> list[Passage]:
    """The `limit` best segments over all queries as passages, best first; guessed tags are left out.

    `scope`: the videos, and where in each.
    """
    by_id = {video.id: video for video, _ in scope}
    windows: dict[TimeSpan | None, list[VideoId]] = {}
    for video, span in scope:
        windows.setdefault(None if span == video.media.whole else span, []).append(video.id)
    scores: dict[str, float] = {}
    hits: dict[str, Evidence] = {}
    for query in queries:
        for window, ids in windows.items():
            # Twice as many, since guesses take places too.
            found = work.parts.retriever.search(query, limit=2 * limit, videos=ids, window=window, kinds=kinds)
            for place, hit in enumerate(one for one in found if not is_guess(one.segment)):
                hits[hit.segment.id] = hit
                scores[hit.segment.id] = scores.get(hit.segment.id, 0.0) + 1 / (RANK_CONSTANT + place)
    passages: list[Passage] = []
    for hit in sorted(hits.values(), key=lambda hit: (-scores[hit.segment.id], -hit.score))[:limit]:
        passages += _narrowed(hit, by_id[hit.segment.video_id], queries, work)
    return list({passage.key: passage for passage in passages}.values())


def _narrowed(hit: Evidence, video: Video, queries: Sequence[str], work: AgentRun) -> list[Passage]:
    """The best sentences of a segment of speech, in order; of text on the screen the best lines, each once."""
    segment = hit.segment
    if segment.question is not None and segment.kind is SegmentKind.SPEECH:
        inside = []  # It was heard again, and stands beside the first transcript.
    elif segment.kind is SegmentKind.SPEECH:
        utterances = work.parts.library.utterances(video.id, segment.span)
        inside = [from_utterance(video, one) for one in utterances if segment.span.contains(one.span.middle_s)]
        if len(inside) > MOST_SENTENCES:
            near = likeness(inside, queries, work)
            best = near.index(max(near))
            first = min(max(0, best - MOST_SENTENCES // 2), len(inside) - MOST_SENTENCES)
            inside = inside[first : first + MOST_SENTENCES]
    elif segment.kind is SegmentKind.SCREEN_TEXT:
        inside = [one for one in work.screen(video) if one.span.overlaps(segment.span)]
        if len(inside) > MOST_TEXTS:
            ranked = sorted(zip(likeness(inside, queries, work), inside, strict=True), key=lambda one: -one[0])
            inside = sorted((one for _, one in ranked[:MOST_TEXTS]), key=lambda one: one.span)
    else:
        inside = []
    return [replace(one, score=hit.score) for one in inside] or [from_segment(segment, hit.score)]


def likeness(passages: Sequence[Passage], queries: Sequence[str], work: AgentRun) -> list[float]:
    """How near each passage is to the nearest of the queries."""
    embedder = work.parts.text_embedder
    vectors = embedder.embed([one.text for one in passages])
    asked = [embedder.embed_query(query) for query in queries]
    return [max(float(vector @ query) for query in asked) for vector in vectors]
