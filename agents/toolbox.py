"""The tools of a language model that chooses its own steps, carried out over the parts of the agent.

What a tool finds is evidence with ids that stay: E1, E2, ... What it counts or reckons is a finding, F1, F2, ...: a
statement that code has written and an answer may name, but not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents import actions
from agents.comparing import per_video
from agents.mentions import mentions
from agents.nodes.inspect import Action, looked_again
from agents.ordering import Locator
from agents.passages import Narrower, from_segment, merged
from agents.quoting import counted
from agents.reading import about, read
from agents.state import AgentState, Claim, Located, Passage, Work
from agents.subjects import mentioned, subject_of
from agents.wire import LABELS, shortened
from agents.wording import clock, joined
from app.core.errors import ToolRefused
from app.core.events import Event, Inspected, Searched
from app.core.types import SegmentKind, TimeSpan, Video

SHOWN = 8
"""Pieces of evidence that a model is shown of what one tool found."""
CHARACTERS = 200
LONGEST_S = 600.0
"""The longest stretch that is skimmed or looked at in one step."""

_SOURCES: dict[str, tuple[SegmentKind, ...]] = {
    "any": (),
    "speech": (SegmentKind.SPEECH,),
    "screen_text": (SegmentKind.SCREEN_TEXT,),
    "pictures": (SegmentKind.CAPTION, SegmentKind.VISUAL),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool did."""

    told: str
    """What the model is told."""
    passages: tuple[Passage, ...]
    """All evidence so far."""
    findings: tuple[Claim, ...]
    """All findings so far."""
    event: Event | None = None


def kinds_of(state: AgentState, work: Work) -> tuple[type[actions.Tool], ...]:
    """The tools that can do something for a question; the last one ends the work."""
    looks = (actions.Inspect,) if work.parts.vision_language_model is not None else ()
    many = (actions.Compare,) if len(state["videos"]) > 1 else ()
    end = actions.Choose if state["options"] else actions.Answer
    kinds = (actions.Overview, actions.Search, actions.Skim, *looks, actions.ReadText, actions.Transcribe)
    return (*kinds, actions.Count, *many, actions.Apart, end)


class Toolbox:
    """Carries out one call of a tool."""

    def __init__(self, state: AgentState, work: Work) -> None:
        self._state, self._work = state, work
        self._videos = {f"V{place}": video for place, video in enumerate(state["videos"], start=1)}
        self._names = {video.id: name for name, video in self._videos.items()}
        self._known = list(state["passages"])
        self._findings = tuple(state.get("findings", ()))

    def use(self, call: actions.Tool) -> Outcome:
        """What the tool found. Raises ToolRefused for what it cannot do, and what the parts raise."""
        tools: dict[type[actions.Tool], Callable[[Any], Outcome]] = {
            actions.Overview: self._overview,
            actions.Search: self._search,
            actions.Skim: self._skim,
            actions.Inspect: lambda one: self._look("look", one, one.question),
            actions.ReadText: lambda one: self._look("read_text", one, self._state["question"]),
            actions.Transcribe: lambda one: self._look("transcribe", one, self._state["question"]),
            actions.Count: self._count,
            actions.Compare: self._compare,
            actions.Apart: self._apart,
        }
        return tools[type(call)](call)

    def _overview(self, call: actions.Overview) -> Outcome:
        video = self._video(call.video)
        chapters = self._work.parts.library.chapters(video.id)
        listed = "".join(f"\n{c.span.start_s:.0f}-{c.span.end_s:.0f} s: {c.title}" for c in chapters)
        return self._found(f"summary of {video.title}", about([video], self._work), more=listed)

    def _search(self, call: actions.Search) -> Outcome:
        chosen = list(self._videos.values()) if call.video == "all" else [self._video(call.video)]
        if call.source == "entity":
            subject = subject_of(call.query, chosen, self._work)
            return self._found(f"entity: {call.query}", mentioned(subject, chosen, self._work) if subject else ())
        parts = self._work.parts
        found = parts.retriever.search(
            call.query, limit=parts.settings.passages, videos=[v.id for v in chosen], kinds=_SOURCES[call.source]
        )
        passages = Narrower(call.query, parts.library, parts.text_embedder).passages(found) if found else []
        return self._found(call.query, passages)

    def _skim(self, call: actions.Skim) -> Outcome:
        video, span = self._stretch(call)
        told = f"{clock(span.start_s)} to {clock(span.end_s)} of {video.title}"
        return self._found(told, read(video, span, self._work))

    def _look(self, action: Action, call: Any, question: str) -> Outcome:
        video, span = self._stretch(call)
        if action != "transcribe" and (video.media.video is None or self._work.budget.frames(1) == 0):
            raise ToolRefused("There are no frames to look at: the video has none, or the budget is used up.")
        seen, learned = looked_again(action, question, self._work, video, span)
        narrower = Narrower(question, self._work.parts.library, self._work.parts.text_embedder)
        noted = self._noted(merged(narrower.ranked(from_segment(segment) for segment in learned)))
        event = Inspected(str(video.id), span, action, seen, tuple(p.hit for p in noted))
        return Outcome(self._lines(noted), tuple(self._known), self._findings, event)

    def _count(self, call: actions.Count) -> Outcome:
        spoken = call.source == "speech"
        found = mentions(call.term, self._state["videos"], self._work, windows={}, spoken=spoken)
        return self._found(
            f"every mention of {call.term}", found, lambda noted: counted(self._state["plan"], noted).claims
        )

    def _compare(self, call: actions.Compare) -> Outcome:
        located = []
        for video in self._state["videos"]:
            locator = Locator([video], self._work, lambda passage: not passage.tagged)
            located.append(Located(video.title, locator.named(call.term) or locator.alike(call.term)))
        found = [one.passage for one in located if one.passage]

        def told(noted: Sequence[Passage]) -> tuple[Claim, ...]:
            ids = iter(noted)
            return tuple(per_video([replace(one, passage=one.passage and next(ids)) for one in located]))

        silent = [self._names[v.id] for v, one in zip(self._state["videos"], located, strict=True) if not one.passage]
        more = f"\nNothing was found in {joined(silent)}." if found and silent else ""
        return self._found(f"in each video: {call.term}", found, told, more)

    def _apart(self, call: actions.Apart) -> Outcome:
        pair = [self._evidence(id) for id in (call.first, call.second)]
        if pair[0].video_id != pair[1].video_id:
            raise ToolRefused("These are in different videos, which have no common clock.")
        first, second = sorted(pair, key=lambda p: p.span.start_s)
        gap = clock(second.span.start_s - first.span.start_s)
        text = f"{gap} apart: at {clock(first.span.start_s)} and at {clock(second.span.start_s)}."
        findings = (*self._findings, Claim(text, (first, second), verbatim=True))
        order = f"{first.id} comes before {second.id}"
        return Outcome(f"{order}. [F{len(findings)}] {text}", tuple(self._known), findings)

    def _found(
        self,
        query: str,
        passages: Iterable[Passage],
        conclude: Callable[[Sequence[Passage]], Sequence[Claim]] | None = None,
        more: str = "",
    ) -> Outcome:
        """What was found, told to the model and to the trace, with what code concludes from it."""
        noted = self._noted(passages)
        claims = tuple(conclude(noted)) if conclude and noted else ()
        numbered = (f"[F{at}] {claim.text}" for at, claim in enumerate(claims, start=len(self._findings) + 1))
        told = "\n".join([*numbered, self._lines(noted)]) + more
        event = Searched(query, tuple(p.hit for p in noted))
        return Outcome(told, tuple(self._known), (*self._findings, *claims), event)

    def _noted(self, passages: Iterable[Passage]) -> list[Passage]:
        """The passages under their ids: those of evidence that is known already, else new ones."""
        noted = []
        for passage in passages:
            known = next((p for p in self._known if replace(p, id="", score=0.0) == replace(passage, score=0.0)), None)
            if known is None:
                known = passage.named(f"E{len(self._known) + 1}")
                self._known.append(known)
            noted.append(known)
        return noted

    def _lines(self, passages: Sequence[Passage]) -> str:
        lines = [self._line(passage) for passage in passages[:SHOWN]]
        rest = len(passages) - len(lines)
        more = [f"{rest} more are not shown; ask for a shorter stretch or in other words."] if rest else []
        return "\n".join([*lines, *more]) or "Nothing was found."

    def _line(self, passage: Passage) -> str:
        times = f"{passage.span.start_s:.1f}-{passage.span.end_s:.1f} s"
        kind = "guessed tags" if passage.tagged else LABELS[passage.kind]
        text = shortened(passage.text, CHARACTERS)
        return f'[{passage.id}] {self._names[passage.video_id]} {times} {kind}: "{text}"'

    def _video(self, name: str) -> Video:
        if name not in self._videos:
            raise ToolRefused(f"There is no video {name}. The videos are: {', '.join(self._videos)}.")
        return self._videos[name]

    def _evidence(self, id: str) -> Passage:
        found = next((p for p in self._known if p.id == id), None)
        if found is None:
            raise ToolRefused(f"There is no evidence {id}.")
        return found

    def _stretch(self, call: Any) -> tuple[Video, TimeSpan]:
        """The video and the stretch of a call, within the video."""
        video = self._video(call.video)
        start, end = max(0.0, call.start_s), min(call.end_s, video.duration_s)
        if not start < end:
            raise ToolRefused(
                f"A stretch of {call.video} lies between 0 and {video.duration_s:.1f} s, its start first."
            )
        if end - start > LONGEST_S:
            raise ToolRefused(f"A stretch may be at most {LONGEST_S:.0f} s long.")
        return video, TimeSpan(start, end)
