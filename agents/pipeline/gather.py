"""gather: collects the passages for a small model: all of a short scope, or the best of a search, in order of time."""

from __future__ import annotations

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.coverage import words_covered
from agents.evidence import Passage
from agents.evidence.files import chapter_passages
from agents.evidence.reading import READABLE, read_span
from agents.evidence.things import count_passages
from agents.parts import AgentRun
from agents.state import AgentState, Coverage
from agents.tools.base import ToolContext
from agents.tools.scan import read_moments
from agents.tools.search import find
from app.core.events import Searched
from app.core.types import SegmentKind, TimeSpan, Video
from app.text.languages import guess_language
from app.text.time_expressions import CLOCK_STEP_S

WHOLE_CHARACTERS = 2_600
"""A scope with no more words than this is read whole: about 800 tokens, kept between questions by the model."""
READ_CHARACTERS = 1_200
"""Of a longer one, so much is read for each question: what was ranked first, with its neighbours."""
MOST_READ_AGAIN = 2
"""Videos whose screen is read again at the moment that a question names."""
SEARCHED = 24
"""Segments that a search returns to be ranked again."""
MOST_CHAPTERS = 20
"""Chapters of files that are read beside the rest; none where there are more."""
WORDS = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)


def gather(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["respond", "see"]]:
    """Collects evidence for each question."""
    work = runtime.context
    context = ToolContext(work, state, runtime.stream_writer)
    passages, inspected = _read(state, context)
    passages = _at_the_moment(passages, context)
    plan, videos = state["plan"], state["videos"]
    things = plan.spans(videos, SegmentKind.OBJECT)
    passages += [one for part in state["asked"] for one in count_passages(work, part, things)]
    named = plan.spans(videos, SegmentKind.SUMMARY)
    chapters = [chapter for video, span in named for chapter in chapter_passages(video, span)]
    passages += chapters if len(chapters) <= MOST_CHAPTERS else []
    for part in state["asked"]:
        runtime.stream_writer(Searched(part, tuple(p.hit for p in passages)))
    update = {"evidence": tuple(passages), "inspected": inspected, "problems": context.problems}
    return Command(goto="see" if work.sees else "respond", update=update)


def _at_the_moment(passages: list[Passage], context: ToolContext) -> list[Passage]:
    """Where the question names one moment, what is there, and the text that its frame shows; otherwise all.

    Kinds that have nothing there stay whole. Where the screen cannot be read again, what ingest read has to do.
    """
    plan = context.state["plan"]
    at = plan.scope.at if plan.scope else None
    if at is None:
        return passages
    here = {p.key for p in passages if p.span.start_s < at + CLOCK_STEP_S and p.span.end_s > at}
    kinds = {p.kind for p in passages if p.key in here}
    there = [p for p in passages if p.key in here or p.kind not in kinds]
    if not plan.allows(SegmentKind.SCREEN_TEXT):
        return there
    for video in list(context.videos.values())[:MOST_READ_AGAIN]:
        if video.media.video is None or at > video.duration_s:
            continue
        with context.warn_on_error(f"The screen of {video.title} could not be read again"):
            there += read_moments(context.work, video, [at])
    return there


def _read(state: AgentState, context: ToolContext) -> tuple[list[Passage], tuple[Coverage, ...]]:
    # Numbers of things come as lines that a small model can read. Times of sounds are left to code: the model takes
    # "no singing" for an answer to anything.
    readable = [kind for kind in READABLE if kind not in (SegmentKind.OBJECT, SegmentKind.SOUND)]
    kinds = tuple(filter(state["plan"].allows, readable))
    scope = state["plan"].spans(state["videos"])
    inspected = tuple(one for video, span in scope for one in words_covered(video, span, kinds))
    whole: list[Passage] = []
    for video, span in scope:
        whole += read_span(context.work.parts.library, video, span, kinds)
        if _size(whole) > WHOLE_CHARACTERS:
            return _ranked(state, context, scope), inspected
    return whole, inspected


def _ranked(state: AgentState, context: ToolContext, scope: list[tuple[Video, TimeSpan]]) -> list[Passage]:
    """What was found, ranked again, the best with their neighbours as far as the model can read, in order of time."""
    suggested = state["plan"].queries if state["plan"].by == "user" else ()
    chosen: dict[object, Passage] = {}
    for question in state["asked"]:
        hits = find(list(dict.fromkeys([question, *suggested])), scope, WORDS, SEARCHED, context.work)
        read: dict[object, Passage] = {}
        for passage in rank(question, hits, context.work):
            near = [passage]
            if passage.kind is SegmentKind.SPEECH:
                # A sentence comes with the one before and the one after it, where the search found those too.
                speech = [p for p in hits if p.kind is SegmentKind.SPEECH and p.video_id == passage.video_id]
                speech.sort(key=lambda p: p.span)
                at = speech.index(passage)
                near = speech[max(0, at - 1) : at + 2]
            if _size([*read.values(), *near]) > READ_CHARACTERS and read:
                continue
            read |= {one.key: one for one in near}
        chosen |= read
    return sorted(chosen.values(), key=lambda p: (p.video_id, p.span))


def rank(question: str, passages: list[Passage], work: AgentRun) -> list[Passage]:
    """Best first: by the re-ranker where it knows the question's language, else by the vectors of the texts."""
    if not passages:
        return []
    reranker, texts = work.parts.reranker, [passage.text for passage in passages]
    if reranker is not None and (not reranker.languages or guess_language(question) in reranker.languages):
        scores = reranker.scores(question, texts)
    else:
        scores = work.parts.text_embedder.embed(texts) @ work.parts.text_embedder.embed_query(question)
    return [passages[at] for at in sorted(range(len(passages)), key=lambda at: -float(scores[at]))]


def _size(passages: list[Passage]) -> int:
    return sum(len(passage.text) + 12 for passage in passages)
