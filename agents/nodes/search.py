"""Search: finds segments for the plan's queries or reads a stretch, and narrows what was found to passages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.passages import Narrower, from_segment, from_utterances, merged, numbered
from agents.state import AgentState, Draft, Passage, Plan, QuestionType, Work
from agents.wanted import premise_stems, target_stems
from agents.wording import clock, contains_phrase, content_stems, coverage, quotations
from app.core.events import Searched
from app.core.types import Evidence, SegmentKind, TimeSpan, Utterance, Video

ANCHOR_FIT = 0.5
"""An anchor is found when a passage fits it at least this well."""
REACH_S = 180.0
CLOSE_REACH_S = 45.0
MAX_READ = 24
"""Pieces that reading a stretch may return."""

_READABLE = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)


def search(state: AgentState, runtime: Runtime[Work]) -> Command[Literal["reflect", "verify"]]:
    """Adds passages to the state; tries the next wider way each time it is entered."""
    work, plan = runtime.context, state["plan"]
    work.budget.step()
    windows = _windows(plan, state["videos"])
    if plan.scope and not windows:
        longest = max((v.duration_s for v in state["videos"]), default=0.0)
        refusal = f"The video ends at {clock(longest)}, so there is nothing {plan.scope.words}."
        return Command(goto="verify", update={"draft": Draft(refusal=refusal, by="rules")})
    way = next_way(state)
    finder = _Finder(state, work, windows)
    query, found = finder.run(way)
    known = {(p.kind, p.span, p.text) for p in state["passages"]}
    new = [p for p in found if (p.kind, p.span, p.text) not in known]
    passages = numbered(_ordered([*state["passages"], *new], plan))
    runtime.stream_writer(Searched(query, tuple(p.hit for p in passages if (p.kind, p.span, p.text) not in known)))
    return Command(goto="reflect", update={"passages": passages, "tried": (*state["tried"], way)})


def next_way(state: AgentState) -> str:
    """The next way to search that was not tried: by the plan, by its key words, everywhere."""
    return next((way for way in ("plan", "keywords", "everywhere") if way not in state["tried"]), "everywhere")


def _windows(plan: Plan, videos: Sequence[Video]) -> dict[str, TimeSpan]:
    if plan.scope is None:
        return {}
    pairs = ((video.id, plan.scope.window(video.duration_s)) for video in videos)
    return {id: window for id, window in pairs if window is not None}


def _ordered(passages: Sequence[Passage], plan: Plan) -> list[Passage]:
    unique = merged(passages)
    if plan.reads_all:
        return sorted(unique, key=lambda p: (p.video_id, p.span.start_s))[:MAX_READ]
    return sorted(unique, key=lambda p: (-p.score, p.span.start_s))[:MAX_READ]


class _Finder:
    def __init__(self, state: AgentState, work: Work, windows: dict[str, TimeSpan]) -> None:
        self._plan = state["plan"]
        self._videos = state["videos"]
        self._options = state["options"]
        self._parts = work.parts
        self._windows = windows
        self._narrower = Narrower(self._plan.question, work.parts.library, work.parts.text_embedder)

    def run(self, way: str) -> tuple[str, list[Passage]]:
        """What was searched for, in words, and the passages found."""
        plan = self._plan
        if plan.question_type is QuestionType.SUMMARY and not plan.scope:
            return "summary and chapters", self._overview()
        if plan.question_type is QuestionType.COUNT:
            return f"every mention of {self._term()}", self._mentions()
        if plan.anchor and way == "plan":
            beside = self._beside_anchor()
            if beside or plan.reads_all:
                return f"{plan.anchor.side} {plan.anchor.text}", beside
        if plan.scope and plan.reads_all:
            return f"everything {plan.scope.words}", self._read_windows()
        return self._retrieve(way)

    def _retrieve(self, way: str) -> tuple[str, list[Passage]]:
        plan = self._plan
        queries: Sequence[str] = plan.queries or (plan.question,)
        kinds: tuple[SegmentKind, ...] = plan.sources
        if way == "keywords":
            queries = (" ".join(content_stems(plan.question, scaffolding=True)) or plan.question,)
        elif way == "everywhere":
            kinds = ()
        found: list[Evidence] = []
        for query in (*queries, *self._option_queries(way)):
            found += self._ask(query, kinds)
            if kinds and not plan.strict:
                found += self._ask(query, ())
        passages = self._narrower.passages(found) if found else []
        if self._windows:
            passages = [p for p in passages if self._windows[p.video_id].padded(1.0).overlaps(p.span)]
            passages += self._narrower.ranked(self._read_windows()) if len(passages) < 3 else []
        return "; ".join(queries), [p for p in passages if self._fits_source(p)]

    def _option_queries(self, way: str) -> list[str]:
        if way != "plan" or not self._options:
            return []
        return [" ".join(self._options)]

    def _fits_source(self, passage: Passage) -> bool:
        return not self._plan.strict or not self._plan.sources or passage.kind in self._plan.sources

    def _ask(self, query: str, kinds: tuple[SegmentKind, ...]) -> list[Evidence]:
        limit = self._parts.settings.passages
        retriever = self._parts.retriever
        if not self._windows:
            return retriever.search(query, limit=limit, videos=[v.id for v in self._videos], kinds=kinds)
        found: list[Evidence] = []
        for video in self._videos:
            if video.id in self._windows:
                window = self._windows[video.id]
                found += retriever.search(query, limit=limit, videos=[video.id], window=window, kinds=kinds)
        return found

    def _read_windows(self) -> list[Passage]:
        found: list[Passage] = []
        for video in self._videos:
            if video.id in self._windows:
                found += self._read(video, self._windows[video.id])
        return [p for p in found if self._fits_source(p)][:MAX_READ]

    def _read(self, video: Video, window: TimeSpan, *, size: int = 3) -> list[Passage]:
        """Everything known of a stretch, in time order."""
        said = [from_utterances(video.id, run) for run in _runs(self._parts.library.utterances(video.id, window), size)]
        kinds = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)
        shown = [from_segment(s) for s in self._parts.library.segments(video.id, kinds=kinds, window=window)]
        return sorted([*said, *merged(shown)], key=lambda p: (p.span.start_s, p.kind))

    def _beside_anchor(self) -> list[Passage]:
        anchor = self._plan.anchor
        assert anchor is not None
        narrower = Narrower(anchor.text, self._parts.library, self._parts.text_embedder)
        found = self._parts.retriever.search(
            anchor.text, limit=self._parts.settings.passages, videos=[v.id for v in self._videos], kinds=_READABLE
        )
        passages = [p for p in narrower.passages(found) if self._fits_source(p)]
        if not passages or passages[0].score < ANCHOR_FIT:
            return []
        video = next(v for v in self._videos if v.id == passages[0].video_id)
        at = _anchor_unit(passages[0], anchor.text)
        reach = CLOSE_REACH_S if anchor.close else REACH_S
        window = TimeSpan(at.end_s, min(at.end_s + reach, max(at.end_s, video.duration_s)))
        if anchor.side == "before":
            window = TimeSpan(max(0.0, at.start_s - reach), at.start_s)
        beside = [p for p in self._read(video, window) if self._fits_source(p)]
        beside = [p for p in (_outside(p, at, anchor.side) for p in beside) if p is not None]
        beside = [p for p in beside if not contains_phrase(anchor.text, p.text)]
        beside.sort(key=lambda p: p.span.start_s if anchor.side == "after" else -p.span.end_s)
        if anchor.close or self._plan.reads_all:
            return _nearest(beside, anchor.side)
        if not premise_stems(self._plan.queries[0]):
            near = self._of_target(beside, video, at)
            return [replace(p, score=0.8 - 0.02 * place) for place, p in enumerate(near[:6])]
        return self._narrower.ranked(beside)

    def _of_target(self, beside: list[Passage], video: Video, at: TimeSpan) -> list[Passage]:
        """Those that name what is asked for ("which item"), from further away if none is near; else all."""
        anchor, targets = self._plan.anchor, sorted(target_stems(self._plan.question))
        if not targets or anchor is None:
            return beside
        rest = (
            TimeSpan(at.end_s, max(at.end_s, video.duration_s)) if anchor.side == "after" else TimeSpan(0, at.start_s)
        )
        far = (_outside(p, at, anchor.side) for p in self._read(video, rest, size=1) if self._fits_source(p))
        naming = [p for p in [*beside, *far] if p is not None and coverage(targets, p.text) == 1.0]
        naming = [p for p in naming if not contains_phrase(anchor.text, p.text)]
        naming.sort(key=lambda p: p.span.start_s if anchor.side == "after" else -p.span.end_s)
        return [*merged(naming[:3]), *beside]

    def _overview(self) -> list[Passage]:
        found: list[Passage] = []
        for video in self._videos:
            segments = self._parts.library.segments(video.id, kinds=(SegmentKind.SUMMARY,))
            found += [from_segment(s) for s in segments]
            if not segments:
                found += [from_utterances(video.id, run) for run in _runs(self._parts.library.utterances(video.id))]
        return found[:MAX_READ]

    def _term(self) -> str:
        quoted = quotations(self._plan.question)
        return quoted[0] if quoted else " ".join(content_stems(self._plan.question))

    def _mentions(self) -> list[Passage]:
        """Every sentence and every text on the screen with all words of the term, by an exact scan."""
        stems = content_stems(self._term()) or content_stems(self._term(), scaffolding=True)
        if not stems:
            return []
        found: list[Passage] = []
        for video in self._videos:
            window = self._windows.get(video.id)
            said = [u for u in self._parts.library.utterances(video.id, window) if coverage(stems, u.text) == 1.0]
            found += [from_utterances(video.id, [u]) for u in said]
            if SegmentKind.SPEECH not in self._plan.sources:
                shown = self._parts.library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,), window=window)
                found += merged(from_segment(s) for s in shown if coverage(stems, s.text) == 1.0)
        return self._narrower.ranked(found)


def _runs(said: Sequence[Utterance], size: int = 3) -> Iterable[Sequence[Utterance]]:
    return (said[at : at + size] for at in range(0, len(said), size))


def _anchor_unit(passage: Passage, text: str) -> TimeSpan:
    stems = content_stems(text) or content_stems(text, scaffolding=True)
    units = passage.units if passage.kind is SegmentKind.SPEECH else ()
    return max(units, key=lambda unit: coverage(stems, unit[1]))[0] if units else passage.span


def _outside(passage: Passage, at: TimeSpan, side: str) -> Passage | None:
    """The part of a passage on one side of the anchor."""
    if passage.kind is not SegmentKind.SPEECH:
        later = passage.span.start_s > at.start_s + 0.05
        return passage if later == (side == "after") and passage.span != at else None
    units = [
        u
        for u in passage.units
        if (u[0].start_s >= at.end_s - 0.05 if side == "after" else u[0].end_s <= at.start_s + 0.05)
    ]
    if not units:
        return None
    said = [Utterance(span, text) for span, text in units]
    return from_utterances(passage.video_id, said)


def _nearest(passages: Sequence[Passage], side: str) -> list[Passage]:
    """The first two pieces beside the anchor, the nearer sentences of speech only."""
    near: list[Passage] = []
    for passage in passages[:2]:
        units = passage.units[:2] if side == "after" else passage.units[-2:]
        if passage.kind is SegmentKind.SPEECH and units:
            passage = from_utterances(passage.video_id, [Utterance(span, text) for span, text in units])
        near.append(passage)
    return [replace(p, score=0.8) for p in near]
