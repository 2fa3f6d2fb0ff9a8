"""Questions of order: each event is found in time on its own, and then they are sorted.

"Which comes first, A or B?", "is A discussed before or after B?", "in which order: A, B and C?", "how much time lies
between the mentions of A and B?", and multiple choice whose options are events or lists of them, also by label:
"(1) A (2) B", "(2)(1)".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agents.choice import none_option
from agents.passages import Narrower, from_segment, from_utterances
from agents.patterns import any_of
from agents.state import Claim, Draft, Located, Passage, Plan, Work
from agents.wording import clock, content_stems, coverage, joined, squeezed
from app.core.types import SegmentKind, Video

FIT = 0.5
"""An event is found when a passage fits it at least this well."""
MOST = 8
"""Events that are looked for."""

_KINDS = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)
_EITHER = re.compile(
    r"^(?:which|what|who)\b[^,:?]*\b(?P<which>first|earlier|earliest|sooner|last|later|latest)\b[^,:?]*[,:]\s*"
    r"(?P<listed>[^?]+\s+or\s+[^?]+)",
    re.IGNORECASE,
)
_SIDES = re.compile(
    r"^(?:is|are|was|were|does|do|did)\s+(?P<a>.+?)\s+(?:before or after|after or before)\s+(?P<b>[^?]+)", re.IGNORECASE
)
_ON_CLOCK = re.compile(
    r"\s+in (?:the|this) (?:video|film|recording|talk)\b|\b(?:the )?(?:first )?mentions? of (?=\w)", re.IGNORECASE
)
"""What tells that time on the video's clock is meant, and not time of which the video speaks."""
_APART = re.compile(
    r"^how (?:long|much time|many (?:seconds|minutes|hours))\b[^?]*\bbetween\s+(?P<a>.+?)\s+and\s+(?P<b>[^?]+)",
    re.IGNORECASE,
)
_VERB_AT_END = re.compile(
    r"\s+(?:mentioned|discussed|shown|said|seen|named|introduced|explained|described|comes?|appear|happen|"
    r"take place|speak(?: about)?|talk(?:ed)?(?: about)?)$",
    re.IGNORECASE,
)
_IN_ORDER = any_of(r"""
    in (?:what|which) (?:order|sequence)|(?:correct|right|chronological|temporal) (?:order|sequence)
    order of (?:events?|appearance|occurrence)|(?:put|arrange|sort|order)\b.*\b(?:order|time|chronologically)
    sequence of (?:events?|steps?|scenes?|topics?)
""")
_ENDS = re.compile(
    r"\b(?:which|what|who)\b[^?]*\b(?:mentioned|discussed|shown|displayed|seen|introduced|described|explained|named|"
    r"appears?|happens?|occurs?|takes? place|comes? up|talked about)\b[^?]*"
    r"\b(?P<which>first|earliest|last|latest)\s*\??$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:-{1,2}>|→|⟶|>|;|,(?:\s*(?:and|then)\b)?|\s[-\u2013\u2014]\s|\bthen\b|\band then\b)\s*")
_AND = re.compile(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+")
_RING = re.compile("[①-⑨]")
_POINT = re.compile(r"(?<![\w(])([1-9a-h])[.)](?=\s)", re.IGNORECASE)
_LABEL = re.compile(r"\(([1-9a-h])\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """The events whose order is asked for, and what is asked of it."""

    events: tuple[str, ...]
    pick: Literal["", "first", "last"] = ""
    """Which of them is wanted; empty for the whole order."""


def asked_order(question: str, options: Sequence[str] = ()) -> Order | None:
    """The order that a question asks for; None when it asks for none."""
    lists = option_lists(question, options)
    if lists:
        return Order(tuple(dict.fromkeys(event for one in lists for event in one))[:MOST])
    apart = _apart(question)
    if apart:
        return apart
    either = _EITHER.search(question)
    if either:
        return Order(_items(either["listed"]), _which(either["which"]))
    sides = _SIDES.search(question)
    if sides:
        return Order((_VERB_AT_END.sub("", sides["a"]).strip(), sides["b"].strip(" .")))
    if _IN_ORDER.search(question):
        listed = _items(question.rpartition(":")[2]) if ":" in question else ()
        return Order(listed) if len(listed) > 1 else None
    ends = _ENDS.search(question)
    if ends and len(options) > 1:
        return Order(_real(options), _which(ends["which"]))
    return None


def _apart(question: str) -> Order | None:
    """The two events between which the video's time is asked for: "how long between the mentions of A and B"."""
    plain = _ON_CLOCK.sub("", question)
    match = _APART.search(plain) if plain != question else None
    return Order((match["a"].strip(), match["b"].strip(" ."))) if match else None


def _which(word: str) -> Literal["first", "last"]:
    return "last" if word.lower() in ("last", "later", "latest") else "first"


def _real(options: Sequence[str]) -> tuple[str, ...]:
    nothing = none_option(options)
    return tuple(option for place, option in enumerate(options) if place != nothing)[:MOST]


def _items(listed: str) -> tuple[str, ...]:
    return tuple(item.strip(" .?") for item in _AND.split(listed) if item.strip(" .?"))[:MOST]


def option_lists(question: str, options: Sequence[str]) -> list[tuple[str, ...]]:
    """Each option as a list of events, when all of them list the same ones; else nothing."""
    real = _real(options)
    if len(real) < 2:
        return []
    labels = _labelled(question)
    lists = [_by_label(option, labels) or _written(option) for option in real]
    same = {frozenset(squeezed(event) for event in one) for one in lists}
    alike = len(same) == 1 and len(lists[0]) > 1 and len({tuple(map(squeezed, one)) for one in lists}) > 1
    return lists if alike and len(lists[0]) == len(next(iter(same))) else []


def _labelled(question: str) -> dict[str, str]:
    """The events that a question lists by label: "(1) A (2) B", "a. A b. B" or with numbers in rings."""
    _, *parts = _LABEL.split(_marked(question))
    return {
        label.lower(): re.split(r"[.?!;](?:\s|$)", text)[0].strip(" ,.")
        for label, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _marked(text: str) -> str:
    """Labels in round brackets, however they are written."""
    rings = _RING.sub(lambda ring: f"({ord(ring[0]) - ord('①') + 1})", text)
    return _POINT.sub(r"(\1)", rings)


def _by_label(option: str, labels: dict[str, str]) -> tuple[str, ...]:
    """The events of an option that is nothing but labels: "(2)(1)", "2-1", "b, a"."""
    marks = re.sub(r"[\W_]", "", _marked(option)).lower()
    return tuple(labels[mark] for mark in marks) if len(labels) > 1 and set(marks) <= set(labels) else ()


def _written(option: str) -> tuple[str, ...]:
    return tuple(item.strip(" .") for item in _SPLIT.split(option) if item.strip(" ."))


class Locator:
    """Finds events in time: where all words of one are said or written first, else what fits it best, else tags."""

    def __init__(self, videos: Sequence[Video], work: Work, fits: Callable[[Passage], bool]) -> None:
        self._videos, self._work, self._fits = videos, work, fits

    def locate(self, event: str) -> Located:
        """The event with its passage; without one when nothing fits it."""
        return Located(event, self.named(event) or self.alike(event) or self.named(event, tags=True))

    def named(self, event: str, *, tags: bool = False) -> Passage | None:
        """Where all words of an event stand first: in what is said or written, or in what a classifier told."""
        stems = content_stems(event) or content_stems(event, scaffolding=True)
        library = self._work.parts.library
        for video in self._videos if stems else ():
            said = [from_utterances(video.id, [one]) for one in library.utterances(video.id)]
            shown = [from_segment(one) for one in library.segments(video.id, kinds=_KINDS[1:])]
            full = [p for p in (*said, *shown) if p.tagged is tags and self._fits(p) and coverage(stems, p.text) == 1.0]
            if full:
                return replace(min(full, key=lambda p: p.span.start_s), score=1.0)
        return None

    def alike(self, event: str) -> Passage | None:
        """What is most like an event in its meaning; None when nothing is like it."""
        parts = self._work.parts
        found = parts.retriever.search(
            event, limit=parts.settings.passages, videos=[video.id for video in self._videos], kinds=_KINDS
        )
        narrowed = Narrower(event, parts.library, parts.text_embedder).passages(found)
        passages = [p for p in narrowed if not p.tagged and self._fits(p)]
        return passages[0] if passages and passages[0].score >= FIT else None


def in_order(plan: Plan, located: Sequence[Located]) -> Draft:
    """The events with their times, sorted; a refusal when one was not found or two cannot be told apart."""
    missing = [f'"{one.event}"' for one in located if one.passage is None]
    if missing:
        return Draft(by="rules", refusal=f"The video does not say this. Nothing was found about {joined(missing)}.")
    ranked = _sorted(located)
    if not ranked:
        return Draft(by="rules")
    passages = tuple(dict.fromkeys(one.passage for one in ranked if one.passage))
    if len({p.video_id for p in passages}) > 1:
        return Draft(by="rules", refusal="These are in different videos, which have no common clock.")
    claim = _claim(_told(plan, ranked), passages)
    return Draft((replace(claim, text=f"Perhaps: {claim.text}") if claim.hedged else claim,), by="rules")


def _claim(text: str, passages: tuple[Passage, ...]) -> Claim:
    """The claim; a guess where one of the events is only in what a classifier told of the pictures."""
    return Claim(text, passages, verbatim=True, hedged=any(p.tagged for p in passages))


def _sorted(located: Sequence[Located]) -> list[Located]:
    """By time; empty when two begin at the same moment."""
    ranked = sorted(located, key=_start)
    starts = [_start(one) for one in ranked]
    return ranked if len(set(starts)) == len(starts) > 1 else []


def _start(one: Located) -> float:
    return one.passage.span.start_s if one.passage else float("inf")


def _told(plan: Plan, ranked: Sequence[Located]) -> str:
    timed = [f"{one.event} at {clock(_start(one))}" for one in ranked]
    if plan.pick == "first":
        text = f"{timed[0]}, before {joined(timed[1:])}."
    elif plan.pick == "last":
        text = f"{timed[-1]}, after {joined(timed[:-1])}."
    elif _apart(plan.question):
        text = f"{clock(_start(ranked[-1]) - _start(ranked[0]))} apart: {joined(timed)}."
    elif len(ranked) == 2 and _SIDES.search(plan.question):
        side = "Before" if ranked[0].event == plan.queries[0] else "After"
        text = f"{side}: {joined(timed)}."
    else:
        text = f"{'; then '.join(timed)}."
    return text[:1].upper() + text[1:]


def choose_order(plan: Plan, located: Sequence[Located], options: Sequence[str]) -> Draft | None:
    """The option that the times speak for; None when they do not decide."""
    found = {squeezed(one.event): one for one in located if one.passage is not None}
    if len(found) < 2:
        return None
    nothing = none_option(options)
    real = [place for place in range(len(options)) if place != nothing]
    lists = option_lists(plan.question, options)
    if lists:
        fitting = [place for place, events in zip(real, lists, strict=True) if _rises(events, found)]
        chosen = fitting[0] if len(fitting) == 1 else None
    else:
        chosen = _edge(plan, [place for place in real if squeezed(options[place]) in found], options, found)
    if chosen is None:
        return None
    passages = tuple(one.passage for one in sorted(found.values(), key=_start) if one.passage)
    return Draft((_claim(options[chosen], passages),), by="rules", option_index=chosen)


def _rises(events: Sequence[str], found: dict[str, Located]) -> bool:
    starts = [_start(found[squeezed(event)]) for event in events if squeezed(event) in found]
    return all(a < b for a, b in itertools.pairwise(starts))


def _edge(plan: Plan, places: Sequence[int], options: Sequence[str], found: dict[str, Located]) -> int | None:
    ranked = sorted(places, key=lambda place: _start(found[squeezed(options[place])]))
    if plan.pick == "last":
        ranked.reverse()
    starts = [_start(found[squeezed(options[place])]) for place in ranked[:2]]
    return ranked[0] if len(starts) == 2 and starts[0] != starts[1] else None
