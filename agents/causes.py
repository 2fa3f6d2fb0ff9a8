"""Questions of cause: the effect is found first, then a sentence there that tells its reason in a causal word.

"Why were the measurements lost?", "what led to the vote?", "for what reason is the road closed?". A causal word has two
sides: what stands on one is the reason for what stands on the other ("X because Y", "Y, so X", "Y. That is why X").
Only a sentence whose side of the effect fits the question is a reason; that something is told near it is none.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from agents.ordering import Locator
from agents.passages import fit, from_segment, from_utterances
from agents.patterns import alternatives
from agents.quoting import cited
from agents.screen import one_line
from agents.state import Claim, Draft, Located, Passage, Plan, Work
from agents.verification import best_units
from agents.vocabulary import NEGATIONS
from agents.wording import clock, content_stems, coverage, is_negated
from app.core.types import SegmentKind, TimeSpan, Video

FIT = 0.5
"""A side of a causal word tells of the effect when it fits it at least this well."""
HALF = 0.5
"""And when it holds this share of its words."""
NEAR_S = 20.0
"""How soon after the effect "that happened because" must follow to mean it."""
EFFECT, CAUSE = "effect", "cause"
_SHOWN = (SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION, SegmentKind.VISUAL)

_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|must|may|might)(?:n't| not)?"
_ASKED = (
    re.compile(rf"^(?:and |but |so )?why\s+(?:{_AUXILIARY}\s+)?(?P<effect>[^?]+)", re.IGNORECASE),
    re.compile(r"^how come\s+(?:that\s+)?(?P<effect>[^?]+)", re.IGNORECASE),
    re.compile(
        r"^what\s+(?:has |have |had )?(?:caused|causes|led to|leads to|brought about|resulted in|triggered|prompted)\s+"
        r"(?P<effect>[^?]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?:what|which)\s+(?:is|are|was|were)\s+the\s+(?:main |real |given )?(?:reasons?|causes?)\s+"
        r"(?:for|of|that|why|behind)\s+(?P<effect>[^?]+)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:because of what|(?:for|due to) (?:what|which) (?:reason|cause)s?)\s+(?:{_AUXILIARY}\s+)?"
        r"(?P<effect>[^?]+)",
        re.IGNORECASE,
    ),
)
_SUBJECT = r"(?:it|he|she|they|we|i|you|there|this|that|nobody|no one|everybody|everyone)"
_NOUN = r"(?:the|a|an|our|its|his|her|their|my|your|these|those|some|all|both)"
_PERFECT = re.compile(r"\b(?:has|have|had|ever)\b", re.IGNORECASE)
"""With these, "since" tells a time and no reason."""
_BEFORE_REASON = alternatives(rf"""
    because(?: of)?|due to|owing to|thanks to|on account of|as a result of|so that|so as to|in order to|for fear
    since(?= {_SUBJECT}\b)|(?<=\w )since(?= {_NOUN}\b)|the reason (?:is|was)(?: that)?
""")
_BEFORE_EFFECT = alternatives(r"""
    therefore|thus|hence|consequently|as a result(?! of)|for (?:this|that) reason
    (?:that|this|which)(?: is|'s| was) (?:also |exactly |partly )?(?:why|the reason)
    (?:is|are|was|were) the reason why|so (?!that\b)[\w-]+(?: [\w-]+)? that
    (?:led|leads|lead) to|caus(?:es|ed)|result(?:s|ed) in|brought about
""")
_SO = r"(?:^|(?<=[,;] ))(?:and )?so\b(?! (?:that|as|far|much|many|on|long|called|to))"
_NAMED = (
    re.compile(
        r"\bthe (?:main |real )?reason (?:why|that|for) (?P<effect>[^.?!]+?) (?:is|was) (?:that|because) (?P<cause>.+)",
        re.IGNORECASE,
    ),
    re.compile(r"\bthe (?:main |real )?reason for (?P<effect>[^.?!]+?) (?:is|was) (?P<cause>.+)", re.IGNORECASE),
)
_REASON = re.compile(rf"\b(?:{_BEFORE_REASON})\b", re.IGNORECASE)
_RESULT = re.compile(rf"\b(?:{_BEFORE_EFFECT})\b|{_SO}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A causal word: what it tells of as effect and as cause, and the sentences in which these stand."""

    effect: str
    cause: str
    effect_in: Passage
    cause_in: Passage


def asked_cause(question: str) -> str:
    """The effect whose cause a question asks for; empty for other questions."""
    for pattern in _ASKED:
        match = pattern.search(question)
        if match and content_stems(match["effect"]):
            return match["effect"].strip(" .")
    return ""


class Reasons:
    """Finds an effect and what is told as its cause."""

    def __init__(self, plan: Plan, videos: Sequence[Video], work: Work, fits: Callable[[Passage], bool]) -> None:
        """`fits`: which passages may tell either."""
        self._effect, self._videos, self._work = plan.queries[0], videos, work
        self._denied = is_negated(plan.question)
        self._stems = [stem for stem in content_stems(self._effect) if stem not in NEGATIONS]
        self._usable = fits

    def _fits(self, passage: Passage) -> bool:
        return self._usable(passage) and not passage.tagged

    def located(self) -> tuple[Located, Located]:
        """The effect, and its cause if a causal word tells it; without passages where they were not found."""
        found = Locator(self._videos, self._work, self._fits).locate(self._effect).passage
        links = [link for video in self._videos for link in links_of(self._sentences(video))]
        best = self._best(links, found)
        if best is None:
            named = found is not None and coverage(self._stems, found.text) == 1.0
            return Located(EFFECT, found if named else None), Located(CAUSE, None)
        score, link = best
        cause = replace(link.cause_in, score=score)
        effect = cause if link.effect_in == link.cause_in else replace(link.effect_in, score=score)
        return Located(EFFECT, effect), Located(CAUSE, cause)

    def _best(self, links: Sequence[Link], found: Passage | None) -> tuple[float, Link] | None:
        """The link whose side of the effect fits best, and better than its side of the cause; the first of equals."""
        if not links:
            return None
        sides = [side for link in links for side in (link.effect, link.cause)]
        vectors = self._work.parts.text_embedder.embed([self._effect, *sides])
        fits = [fit(float(v @ vectors[0]), coverage(self._stems, s)) for v, s in zip(vectors[1:], sides, strict=True)]
        rated = []
        for link, effect, cause in zip(links, fits[::2], fits[1::2], strict=True):
            if not content_stems(link.cause):
                continue
            if found is not None and not link.effect and _follows(link.cause_in, found):
                rated.append((found.score, replace(link, effect_in=best_units(self._effect, found))))
            elif effect >= FIT and effect > cause and self._is_told(link.effect):
                rated.append((effect, link))
        return max(rated, key=lambda one: one[0]) if rated else None

    def _is_told(self, text: str) -> bool:
        """Whether a text holds half of the effect's words, and with all of them does not say the opposite."""
        told = coverage(self._stems, text)
        denied = is_negated(text) != self._denied
        return told >= HALF and not (told == 1.0 and denied)

    def _sentences(self, video: Video) -> list[list[Passage]]:
        """Runs of sentences that follow each other: all that is said, and each text that is shown or seen."""
        library = self._work.parts.library
        said = [from_utterances(video.id, [one]) for one in library.utterances(video.id)]
        shown = [[from_segment(one)] for one in library.segments(video.id, kinds=_SHOWN)]
        return [[passage for passage in run if self._fits(passage)] for run in (said, *shown)]


def links_of(runs: Sequence[Sequence[Passage]]) -> Iterator[Link]:
    """Every causal word in runs of sentences, with its two sides."""
    for run in runs:
        for before, here in itertools.pairwise([None, *run]):
            if here is not None:
                yield from _links(here, before)


def _links(here: Passage, before: Passage | None) -> Iterator[Link]:
    text = one_line(here.text)
    for pattern in _NAMED:
        for named in pattern.finditer(text):
            yield Link(named["effect"], named["cause"], here, here)
    for match in _REASON.finditer(text):
        if match[0].lower() == "since" and _PERFECT.search(text):
            continue
        yield from _reasons(text[: match.start()], text[match.end() :], here, before)
    for match in _RESULT.finditer(text):
        head, tail = text[: match.start()], text[match.end() :]
        if content_stems(head):
            yield Link(tail, head, here, here)
        elif before is not None:
            yield Link(tail, before.text, here, before)


def _reasons(head: str, tail: str, here: Passage, before: Passage | None) -> Iterator[Link]:
    """What a word like "because" joins: what stands before it in its sentence, after its comma, or in the sentence
    before; after a mere "that is" it may mean what was told a little earlier.
    """
    cause, _, effect = tail.partition(",")
    if content_stems(head):
        yield Link(head, tail, here, here)
    elif not head.strip() and content_stems(effect):
        yield Link(effect, cause, here, here)
    elif before is not None:
        yield Link(before.text, tail, before, here)
    if head.strip() and not content_stems(head):
        yield Link("", tail, here, here)


def _follows(one: Passage, other: Passage) -> bool:
    """Whether a sentence stands soon after a passage, or ends it."""
    near = TimeSpan(other.span.start_s, other.span.end_s + NEAR_S)
    return one.video_id == other.video_id and near.contains(one.span.start_s) and one.span.start_s > other.span.start_s


def told_why(located: Sequence[Located]) -> Draft:
    """The cause with its effect; a refusal when only the effect is told, or neither."""
    by_name = {one.event: one.passage for one in located}
    effect, cause = by_name.get(EFFECT), by_name.get(CAUSE)
    if cause is None or effect is None:
        return Draft(by="rules", refusal=f"{cited(effect)} But why is not told." if effect else "")
    if cause == effect:
        return Draft((Claim(cited(cause), (cause,), verbatim=True),), by="rules")
    reason = f"{cited(cause)} That is the reason for what is told at {clock(effect.span.start_s)}: "
    return Draft((Claim(f'{reason}"{one_line(effect.text)}"', (cause, effect), verbatim=True),), by="rules")
