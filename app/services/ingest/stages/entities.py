"""Who and what a video mentions: names that are said or written, and things that it shows repeatedly.

Speakers are not among them: a voice may get another name at any time, so they are read with it (`app.db.entities`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from rapidfuzz.distance import Levenshtein

from app.core.errors import Cancelled, LongreelError, StorageFull
from app.core.ports import scene_describer
from app.core.types import FrameFeatures, ScreenText, TimeSpan, Utterance, VideoId
from app.core.types.entities import EntityKind, Mention, MentionSource, name_key
from app.core.types.scenes import Subject
from app.services.ingest.run import Run, present
from app.services.ingest.segments import Found
from app.services.ingest.stage import NOTHING, Stage, StageRun
from app.services.ingest.stages.index import found_in
from app.services.ingest.subjects import subject_mentions
from app.services.names import in_capitals, names_said, names_written, small_words, written_small

SAME_GAP_S = 2.0
"""A name that is gone from the screen for no longer than this has been there all the time."""
MISREAD_FROM = 10
"""Characters from which two names that differ in one are one name, misread or misheard."""
SURE = 0.6
"""A class is taken for seen from this probability on."""
LEAST_FRAMES = 2
"""Frames of one piece that must show a thing."""
LEAST_PIECES = 2
"""Pieces of a video that must show a thing, since a classifier is often wrong once."""
_PAGES = frozenset({"website", "menu", "dust jacket", "comic book", "crossword"})
"""Classes by which a classifier calls any picture that holds much text."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name stands, as it is spelled there."""

    name: str
    span: TimeSpan
    source: MentionSource
    quote: str
    frame_s: float | None = None


def named(video: VideoId, utterances: Sequence[Utterance], written: Sequence[ScreenText] = ()) -> list[Mention]:
    """The names of a video with their moments, in time order. One name may be spelled in several ways."""
    small = small_words(chain((one.text for one in utterances), (one.text for one in written)))
    places = [
        _Place(name, u.span, MentionSource.SAID, u.text.strip())
        for u in utterances
        for name in names_said(u.text, small)
    ]
    for text in written:
        places += [_written(name, text) for name in names_written(text.text, small)]
    known = {name_key(place.name) for place in places}
    for text in written:
        # Lines in capitals only that are a known name: TOM HALE below the person's picture.
        lines = [line for line in map(str.strip, text.text.splitlines()) if line and in_capitals(line) == line]
        places += [_written(written_small(line), text) for line in lines if name_key(line) in known]
    spelling = _spellings(places)
    mentions = (
        Mention(EntityKind.NAME, spelling[name_key(p.name)], video, p.span, p.source, p.quote, p.frame_s)
        for p in places
    )
    joined: list[Mention] = []  # those of one span are one, and so is a name that stays on the screen
    last: dict[tuple[str, MentionSource], int] = {}
    for mention in sorted(mentions, key=lambda one: (one.span.start_s, one.span.end_s, one.name)):
        at = last.get((mention.key, mention.source))
        span = None if at is None else joined[at].span
        gap_s = SAME_GAP_S if mention.source is MentionSource.WRITTEN else -math.inf
        if at is not None and span and (mention.span == span or mention.span.start_s <= span.end_s + gap_s):
            joined[at] = replace(joined[at], span=span.hull(mention.span))
        else:
            last[mention.key, mention.source] = len(joined)
            joined.append(mention)
    return joined


def seen(video: VideoId, content: Found) -> list[Mention]:
    """The things that a classifier is sure to see in several pieces of a video."""
    best: dict[str, dict[int, list[tuple[float, FrameFeatures]]]] = defaultdict(lambda: defaultdict(list))
    starts = [piece.start_s for piece in content.pieces]
    for feature in content.features:
        for name, probability in feature.tags:
            if probability >= SURE and name not in _PAGES:
                piece = max(0, bisect_right(starts, feature.pts_s) - 1)
                best[name][piece].append((probability, feature))
    mentions = []
    for name, pieces in best.items():
        shown = {piece: frames for piece, frames in pieces.items() if len(frames) >= LEAST_FRAMES}
        for piece, frames in shown.items() if len(shown) >= LEAST_PIECES else ():
            frame_s = max(frames, key=lambda one: one[0])[1].pts_s
            mentions.append(
                Mention(EntityKind.THING, name, video, content.pieces[piece], MentionSource.SEEN, name, frame_s)
            )
    return sorted(mentions, key=lambda one: (one.span.start_s, one.name))


def _written(name: str, text: ScreenText) -> _Place:
    """A name on the screen with the line that holds it."""
    lines = [" ".join(line.split()) for line in text.text.splitlines()]
    line = next((line for line in lines if name_key(name) in name_key(line)), name)
    return _Place(name, text.span, MentionSource.WRITTEN, line, text.frame_s)


def _spellings(places: Sequence[_Place]) -> Mapping[str, str]:
    """How each name is best written, by its key: as on the screen rather than as heard, then as most often.

    Long names that differ in a single character are one.
    """
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    weight: Counter[str] = Counter()
    for place in places:
        key = name_key(place.name)
        forms[key][place.name] += 1
        weight[key] += 1_000_000 if place.source is MentionSource.WRITTEN else 1
    best: dict[str, str] = {}
    spellings: list[str] = []
    for key, _ in weight.most_common():
        alike = (other for other in spellings if Levenshtein.distance(key, other, score_cutoff=1) <= 1)
        same = next((other for other in alike if min(len(key), len(other)) >= MISREAD_FROM), None)
        best[key] = best[same] if same else forms[key].most_common(1)[0][0]
        if same is None:
            spellings.append(key)
    return best


class _Entities(Stage[None]):
    """Stores who and what a video mentions, in place of what an earlier run found."""

    name = "entities"
    inputs = ("index",)
    codec = NOTHING

    def wanted(self, run: Run) -> bool:
        return run.parts.entities is not None

    def reduce(self, work: StageRun) -> None:
        """Names, and the subjects of a model that described the video, or else what a classifier is sure of."""
        run, content = work.run, found_in(work.run)
        describer = scene_describer(run.parts.captioner)
        mentions = named(run.video.id, content.utterances, content.texts)
        if describer is None:
            mentions += seen(run.video.id, content)
        else:
            group_subjects = describer.group

            def group(subjects: Sequence[Subject]) -> list[list[int]]:
                try:
                    return group_subjects(subjects)
                except (Cancelled, StorageFull):
                    raise
                except LongreelError as error:
                    work.put_off(f"Subjects that have different names in different segments were not merged: {error}")
                    return []

            frames = {content.pieces[key.piece]: key.pts_s for key in reversed(content.key_frames)}
            mentions += subject_mentions(run.video.id, content.captions, frames, group)
        present(run.parts.entities).save(run.video.id, mentions)
        work.detail = f"{len({(one.kind, one.key) for one in mentions})} names and things"


ENTITIES = _Entities()
