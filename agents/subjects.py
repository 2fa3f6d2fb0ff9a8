"""Questions about somebody or something by name, over several videos: answered from where the library mentions it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from agents import rules
from agents.comparing import asked_comparison
from agents.passages import MAX_PASSAGE_CHARACTERS
from agents.state import Located, Passage, Plan, Work
from agents.wording import content_stems
from app.core.types import SegmentKind, Video, VideoId
from app.core.types.entities import Entity, EntityKind, Mention, Source, name_key

MOMENTS = 8
"""Moments that an answer shows at most, of all videos together: it has so many citations."""

_WHERE = re.compile(
    r"^\W*where (?:else )?(?:is|are|was|were|do|does|did|can|could)\b.*"
    r"\b(?:appear|mentioned|named|seen|shown|heard|found|speak|come up|written)\W*$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"\bspeaks?\b(?! (?:of|about)\b)", re.IGNORECASE)
_POINTING = frozenset(content_stems("videos recordings clips files named seen heard found come up", scaffolding=True))
"""Stems by which a question asks for mentions, beside the name."""


def across(plan: Plan, videos: Sequence[Video], work: Work) -> Plan:
    """The plan; "where does Tom Hale appear" asks of several videos which of them mention him."""
    if len(videos) < 2 or not _WHERE.match(plan.question):
        return plan
    subject = subject_of(plan.question, videos, work)
    if subject is None:
        return plan
    speaks = _SPEAKS.search(plan.question)
    asked = f"In which videos does {subject.name} speak?" if speaks else f"Which videos mention {subject.name}?"
    return rules.plan(asked)


def subject_of(question: str, videos: Sequence[Video], work: Work) -> Entity | None:
    """Whom or what a question names, if it asks for nothing beside it; the longest name that fits."""
    if work.parts.entities is None:
        return None
    asked = f" {name_key(question)} "
    known = work.parts.entities.all((EntityKind.NAME,), [video.id for video in videos])
    named = [one for one in known if f" {one.key} " in asked]
    subject = max(named, key=lambda one: len(one.key), default=None)
    if subject is None:
        return None
    beside = set(content_stems(asked.replace(f" {subject.key} ", " "))) - _POINTING
    return None if beside else subject


def by_video(
    question: str, subject: Entity, videos: Sequence[Video], work: Work, fits: Callable[[Passage], bool]
) -> list[Located]:
    """Each video with the moments that mention a subject: several, if the question is which videos do, else one.

    A video without a moment is told once. Nothing comes back when no video has one.
    """
    asked = asked_comparison(question)
    several = asked is not None and asked.form == "which"
    most = max(1, MOMENTS // max(1, len(subject.videos))) if several else 1
    speaks = bool(_SPEAKS.search(question))
    moments: dict[VideoId, list[Passage]] = defaultdict(list)
    for passage in mentioned(subject, videos, work, speaks=speaks):
        if fits(passage) and len(moments[passage.video_id]) < most:
            moments[passage.video_id].append(passage)
    if not any(moments.values()):
        return []
    found: list[Located] = []
    for video in videos:
        found += [Located(video.title, one) for one in moments[video.id]] or [Located(video.title, None)]
    return found


def mentioned(subject: Entity, videos: Sequence[Video], work: Work, *, speaks: bool = False) -> list[Passage]:
    """The moments that mention a subject, in time order; with `speaks` only those in which it speaks."""
    if work.parts.entities is None:
        return []
    found = work.parts.entities.mentions(subject.kind, subject.key, [video.id for video in videos])
    return [_passage(one) for one in found if not speaks or one.source is Source.SPEAKS]


def _passage(mention: Mention) -> Passage:
    kind = SegmentKind.SCREEN_TEXT if mention.source is Source.WRITTEN else SegmentKind.SPEECH
    told = f"{mention.name}: {mention.quote}" if mention.source is Source.SPEAKS else mention.quote
    text = told[:MAX_PASSAGE_CHARACTERS]
    units = ((mention.span, text),)
    return Passage("", mention.video_id, kind, mention.span, text, 1.0, mention.frame_s, units)
