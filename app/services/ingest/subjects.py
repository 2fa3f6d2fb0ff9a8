"""The subjects of all segments as one list: who and what a video shows, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.core.types import Caption, TimeSpan, VideoId
from app.core.types.entities import EntityKind, Mention, MentionSource, name_key
from app.core.types.scenes import Subject

APART_S = 0.1
"""Segments that follow each other within this time show a subject without a break."""

Group = Callable[[Sequence[Subject]], list[list[int]]]
"""Which subjects are the same, as `SceneDescriber.group`."""


@dataclass
class _Merged:
    """One subject, with every segment that shows it and how that describes it."""

    name: str
    seen: dict[TimeSpan, str] = field(default_factory=dict)


def subject_mentions(
    video: VideoId, captions: Sequence[Caption], frames: Mapping[TimeSpan, float], group: Group
) -> list[Mention]:
    """The mentions of every subject, in time order. Equal names are one subject, and what `group` finds to be one.

    Two subjects of one segment are never one: the model saw them beside each other. `frames`: a frame of each segment.
    """
    by_name: dict[str, _Merged] = {}
    for caption in captions:
        for subject in caption.subjects:
            if key := name_key(subject.name):
                merged = by_name.setdefault(key, _Merged(subject.name))
                merged.seen.setdefault(caption.span, subject.description)
    subjects = list(by_name.values())
    if len(subjects) > 1:
        listed = [Subject(one.name, next(iter(one.seen.values()))) for one in subjects]
        for numbers in filter(None, group(listed)):
            # What is the same moves into the subject that most segments show.
            most, *others = sorted((subjects[number] for number in numbers), key=lambda one: -len(one.seen))
            for other in others:
                if not other.seen.keys() & most.seen.keys():
                    most.seen |= other.seen
                    other.seen = {}
    mentions = [mention for one in subjects for mention in _mentions(video, one, frames)]
    return sorted(mentions, key=lambda one: (one.span, one.name))


def _mentions(video: VideoId, subject: _Merged, frames: Mapping[TimeSpan, float]) -> list[Mention]:
    """One for each time that the subject is seen without a break, with the first description and frame of it."""
    mentions: list[Mention] = []
    for span, description in sorted(subject.seen.items()):
        if mentions and span.start_s - mentions[-1].span.end_s <= APART_S:
            mentions[-1] = replace(mentions[-1], span=mentions[-1].span.hull(span))
        else:
            quote, frame_s = description or subject.name, frames.get(span)
            mentions.append(Mention(EntityKind.THING, subject.name, video, span, MentionSource.SEEN, quote, frame_s))
    return mentions
