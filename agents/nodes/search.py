"""Search: finds segments for the plan's queries or reads a stretch, and narrows what was found to passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.beside import Beside
from agents.causes import Reasons
from agents.counters import readings, time_of, value_of
from agents.mentions import mentions
from agents.ordering import Locator
from agents.passages import Narrower, from_segment, merged, numbered
from agents.reading import about, read
from agents.screen import at_edge
from agents.state import AgentState, Anchor, Draft, Located, Passage, Plan, QuestionType, Work
from agents.subjects import by_video, subject_of
from agents.wording import clock, content_stems, quotations
from app.core.events import Searched
from app.core.types import Evidence, SegmentKind, TimeSpan, Video, VideoId

MAX_READ = 24
"""Pieces that a search may return; what is counted is never cut short."""


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
    for step, events in finder.steps:
        runtime.stream_writer(Searched(step, tuple(p.hit for p in events)))
    known = {(p.kind, p.span, p.text) for p in state["passages"]}
    new = [p for p in found if (p.kind, p.span, p.text) not in known]
    passages = numbered(_ordered([*state["passages"], *new], plan))
    runtime.stream_writer(Searched(query, tuple(p.hit for p in passages if (p.kind, p.span, p.text) not in known)))
    places: dict[str, object] = {"places": tuple(finder.places)} if finder.places else {}
    located: dict[str, object] = {"located": tuple(finder.located)} if finder.located else {}
    update = {"passages": passages, "tried": (*state["tried"], way), **places, **located}
    return Command(goto="reflect", update=update)


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
    if plan.question_type is QuestionType.COUNT:
        return sorted(unique, key=lambda p: (p.video_id, p.span.start_s))
    if plan.reads_all:
        return sorted(unique, key=lambda p: (p.video_id, p.span.start_s))[:MAX_READ]
    return sorted(unique, key=lambda p: (-p.score, p.span.start_s))[:MAX_READ]


class _Finder:
    def __init__(self, state: AgentState, work: Work, windows: dict[str, TimeSpan]) -> None:
        self._plan = state["plan"]
        self._videos = state["videos"]
        self._options = state["options"]
        self._parts = work.parts
        self._work = work
        self.steps: list[tuple[str, list[Passage]]] = []
        """What was found on the way: the events from which the plan counts."""
        self.places: list[tuple[VideoId, float]] = []
        """Moments that were reckoned and should be looked at."""
        self.located: list[Located] = []
        """The events of a question of order, each with where it was found."""
        self._windows = windows
        self._wording = state.get("wording", "")
        self._narrower = Narrower(self._plan.question, work.parts.library, work.parts.text_embedder, self._wording)

    def run(self, way: str) -> tuple[str, list[Passage]]:
        """What was searched for, in words, and the passages found."""
        plan = self._plan
        if plan.question_type is QuestionType.SUMMARY and not plan.scope:
            return "summary and chapters", about(self._videos, self._work)[:MAX_READ]
        special = self._of_type() if way == "plan" else None
        if special:
            return special
        if plan.question_type is QuestionType.COUNT:
            return f"every mention of {self._term()}", self._mentions()
        if plan.value:
            return f"{plan.value} on the screen", self._value() if way == "plan" else []
        if plan.anchor and way == "plan":
            beside = self._beside(plan.anchor)
            if beside or plan.reads_all:
                return f"{plan.anchor.side} {plan.anchor.text}", beside
        if plan.reads_edge:
            return f"the {plan.pick} text on the screen", self._edge()
        if plan.scope and plan.reads_all:
            return f"everything {plan.scope.words}", self._read_windows()
        return self._retrieve(way)

    def _of_type(self) -> tuple[str, list[Passage]] | None:
        """What is found first where the type of the question tells how; None for other types."""
        plan = self._plan
        if plan.question_type is QuestionType.ORDER:
            return f"where are: {'; '.join(plan.queries)}", self._events()
        if plan.question_type is QuestionType.COMPARE:
            return self._subject() or (f"in each video: {plan.queries[0]}", self._in_each())
        if plan.question_type is QuestionType.CAUSE:
            return f"why: {plan.queries[0]}", self._why()
        return None

    def _retrieve(self, way: str) -> tuple[str, list[Passage]]:
        plan = self._plan
        queries: Sequence[str] = plan.queries or (plan.question,)
        kinds: tuple[SegmentKind, ...] = plan.sources
        if way == "keywords":
            queries = (" ".join(content_stems(plan.question, scaffolding=True)) or plan.question,)
        elif way == "everywhere":
            kinds = ()
        found: list[Evidence] = []
        for query in (*queries, *self._other_queries(way)):
            found += self._ask(query, kinds)
            if kinds and not plan.strict:
                found += self._ask(query, ())
        passages = self._narrower.passages(found) if found else []
        if self._windows:
            passages = [p for p in passages if self._windows[p.video_id].padded(1.0).overlaps(p.span)]
            passages += self._narrower.ranked(self._read_windows()) if len(passages) < 3 else []
        return "; ".join(queries), [p for p in passages if self._fits_source(p)]

    def _other_queries(self, way: str) -> list[str]:
        """The options, and the question as it was asked with pronouns."""
        others = (" ".join(sorted(self._options)), self._wording)
        return [query for query in others if query and way == "plan"]

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
                found += read(video, self._windows[video.id], self._work)
        return [p for p in found if self._fits_source(p)][:MAX_READ]

    def _beside(self, anchor: Anchor) -> list[Passage]:
        """What lies beside the event that the question names. The event is the first step of the plan."""
        search = Beside(self._plan, self._videos, self._work, self._narrower, self._fits_source)
        found = search.passages()
        texts = (anchor.text, anchor.until)
        self.steps += [(f"where is: {text}", [e.passage]) for text, e in zip(texts, search.events, strict=False)]
        return found

    def _events(self) -> list[Passage]:
        """Where each event of a question of order is."""
        locator = Locator(self._videos, self._work, self._fits_source)
        self.located = [locator.locate(event) for event in self._plan.queries]
        return [one.passage for one in self.located if one.passage]

    def _subject(self) -> tuple[str, list[Passage]] | None:
        """Where each video mentions whom or what the question names; None when it is not known by its name."""
        question = self._plan.question
        subject = subject_of(question, self._videos, self._work)
        if subject is None:
            return None
        self.located = by_video(question, subject, self._videos, self._work, self._fits_source)
        passages = [one.passage for one in self.located if one.passage]
        return (f"entity: {subject.name}", passages) if passages else None

    def _in_each(self) -> list[Passage]:
        """Where each video names the same; what is like it in meaning when none does."""
        term = self._plan.queries[0]
        locators = [Locator([video], self._work, self._fits_source) for video in self._videos]
        told = [locator.named(term) for locator in locators]
        told = told if any(told) else [locator.alike(term) for locator in locators]
        self.located = [Located(v.title, passage) for v, passage in zip(self._videos, told, strict=True)]
        return [passage for passage in told if passage]

    def _why(self) -> list[Passage]:
        """The effect that a question of cause names, and the sentence that tells its cause."""
        reasons = Reasons(self._plan, self._videos, self._work, self._fits_windows)
        effect, cause = self.located = list(reasons.located())
        self.steps.append((f"where is: {self._plan.queries[0]}", [effect.passage] if effect.passage else []))
        return [one.passage for one in (effect, cause) if one.passage]

    def _fits_windows(self, passage: Passage) -> bool:
        """Whether a passage is of a wanted source, in the stretch that the question names if it names one."""
        window = self._windows.get(passage.video_id)
        inside = window.padded(1.0).overlaps(passage.span) if window else not self._windows
        return inside and self._fits_source(passage)

    def _edge(self) -> list[Passage]:
        """The first or last text on the screen, in the stretch that the question names or in the whole."""
        found: list[Passage] = []
        for video in self._videos:
            window = self._windows.get(video.id)
            shown = self._parts.library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,), window=window)
            found += at_edge(self._plan, [from_segment(s) for s in shown])
        return [replace(p, score=0.8) for p in found]

    def _value(self) -> list[Passage]:
        """Where a counter or clock shows a value: texts that hold it, else those read just before and after it."""
        value = self._plan.value
        found: list[Passage] = []
        for video in self._videos:
            shown = self._parts.library.segments(video.id, kinds=(SegmentKind.SCREEN_TEXT,))
            exact = [s for s in shown if value in s.text]
            at = None if exact else time_of(value_of(value), readings(shown, value))
            near = exact if at is None else sorted(shown, key=lambda s: abs(s.span.middle_s - at))[:2]
            found += [replace(from_segment(s), score=0.9 if exact else 0.5) for s in near]
            self.places += [(video.id, at)] if at is not None else []
        return found

    def _term(self) -> str:
        quoted = quotations(self._plan.question)
        return quoted[0] if quoted else " ".join(content_stems(self._plan.question))

    def _mentions(self) -> list[Passage]:
        """Every sentence and every text on the screen with all words of the term, by an exact scan."""
        spoken = SegmentKind.SPEECH in self._plan.sources
        found = mentions(self._term(), self._videos, self._work, windows=self._windows, spoken=spoken)
        return self._narrower.ranked(found)
