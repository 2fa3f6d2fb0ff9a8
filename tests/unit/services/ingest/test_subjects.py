"""The subjects of single segments become one list."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.types import Caption, TimeSpan, VideoId
from app.core.types.entities import EntityKind, Mention, MentionSource
from app.core.types.scenes import Subject
from app.services.ingest.subjects import subject_mentions

VIDEO = VideoId("a" * 64)
SPANS = [TimeSpan(20.0 * at, 20.0 * (at + 1)) for at in range(5)]
FRAMES = {span: span.start_s + 1 for span in SPANS}


def captions(*names: Sequence[str]) -> list[Caption]:
    """A caption for each segment with subjects of these names, described by the segment's number."""
    return [
        Caption(span, "x", "eyes", subjects=tuple(Subject(name, f"{name}, as seen in {at}") for name in some))
        for at, (span, some) in enumerate(zip(SPANS, names, strict=False))
    ]


def alone(_: Sequence[Subject]) -> list[list[int]]:
    return []


def shown(mentions: Sequence[Mention]) -> list[tuple[str, float, float]]:
    return [(one.name, one.span.start_s, one.span.end_s) for one in mentions]


def test_a_subject_has_a_span_for_each_time_that_it_is_seen_without_a_break() -> None:
    found = subject_mentions(
        VIDEO, captions(["Red coat"], ["red coat", "dog"], [], ["a dog"], ["red  coat"]), FRAMES, alone
    )
    assert shown(found) == [("Red coat", 0, 40), ("dog", 20, 40), ("a dog", 60, 80), ("Red coat", 80, 100)]
    first = found[0]
    assert (first.kind, first.source, first.video_id) == (EntityKind.THING, MentionSource.SEEN, VIDEO)
    assert (first.quote, first.frame_s) == ("Red coat, as seen in 0", 1.0)


def test_subjects_that_a_model_finds_to_be_one_get_the_name_that_is_used_most() -> None:
    asked: list[Subject] = []

    def group(subjects: Sequence[Subject]) -> list[list[int]]:
        asked.extend(subjects)
        return [[0, 2]]

    found = subject_mentions(VIDEO, captions(["a lady"], ["dog"], ["woman"], ["woman"]), FRAMES, group)
    assert [one.name for one in asked] == ["a lady", "dog", "woman"]
    assert shown(found) == [("woman", 0, 20), ("dog", 20, 40), ("woman", 40, 80)]


def test_two_that_are_seen_beside_each_other_are_never_one() -> None:
    found = subject_mentions(VIDEO, captions(["tall man", "short man"], ["man"]), FRAMES, lambda _: [[0, 1, 2]])
    assert shown(found) == [("short man", 0, 20), ("tall man", 0, 40)]


def test_names_without_a_letter_and_videos_without_subjects_give_nothing() -> None:
    assert subject_mentions(VIDEO, captions(["?!"], []), FRAMES, alone) == []
