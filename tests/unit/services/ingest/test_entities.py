"""Who and what a video mentions, from what was said, written and seen."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.types import FrameFeatures, ScreenText, TimeSpan, Utterance, VideoId
from app.core.types.entities import EntityKind, Mention, MentionSource
from app.services.ingest.segments import Found
from app.services.ingest.stages.entities import named, seen

V = VideoId("a" * 64)


def said(at_s: float, text: str) -> Utterance:
    return Utterance(TimeSpan(at_s, at_s + 3), text)


def written(start_s: float, end_s: float, text: str) -> ScreenText:
    return ScreenText(TimeSpan(start_s, end_s), text, start_s + 0.5)


def told(mentions: list[Mention]) -> list[tuple[str, MentionSource, float, float, str]]:
    return [(one.name, one.source, one.span.start_s, one.span.end_s, one.quote) for one in mentions]


def test_a_name_has_a_mention_for_each_sentence_and_each_text_that_holds_it() -> None:
    found = named(V, [said(9, "Then Tom Hale came. ")], [written(2, 4, "Night shift\nObserver:  Tom Hale")])
    assert told(found) == [
        ("Tom Hale", MentionSource.WRITTEN, 2, 4, "Observer: Tom Hale"),
        ("Tom Hale", MentionSource.SAID, 9, 12, "Then Tom Hale came."),
    ]
    assert [one.frame_s for one in found] == [2.5, None]
    assert {(one.kind, one.video_id, one.key) for one in found} == {(EntityKind.NAME, V, "tom hale")}


def test_a_name_that_stays_on_the_screen_is_mentioned_once() -> None:
    shown = [written(0, 4, "Tom Hale\n1"), written(5, 8, "Tom Hale\n2"), written(20, 22, "Tom Hale")]
    assert [(one.span.start_s, one.span.end_s) for one in named(V, [], shown)] == [(0, 8), (20, 22)]


def test_one_name_that_was_misheard_or_misread_is_spelled_as_on_the_screen() -> None:
    shown = [written(0, 1, "Nathan Vegdahl"), written(5, 6, "Nathan Vegdaht"), written(9, 9.5, "Nathan Vegdahl")]
    spoken = [said(20, "Welcome to Vardin Ridge."), said(30, "Here is Vardin Ridge."), said(40, "Jon Hill, Jan Hill.")]
    names = {one.name for one in named(V, spoken, [*shown, written(20, 25, "The Year at Varden Ridge")])}
    assert names == {"Nathan Vegdahl", "Varden Ridge", "Jon Hill", "Jan Hill"}


def test_a_line_in_capitals_is_a_name_that_is_known_otherwise() -> None:
    shown = [written(0, 4, "TOM HALE\nNIGHT OBSERVER"), written(9, 12, "THE END")]
    assert named(V, [said(0, "Good evening.")], shown) == []
    assert told(named(V, [said(5, "I am Tom Hale.")], shown))[0] == (
        "Tom Hale",
        MentionSource.WRITTEN,
        0,
        4,
        "TOM HALE",
    )


@pytest.mark.parametrize(("second_piece", "mentions"), [((0.9, 0.7), 2), ((0.9, 0.5), 0), ((0.9,), 0)])
def test_a_thing_is_seen_several_times_in_several_pieces(second_piece: tuple[float, ...], mentions: int) -> None:
    times = {1.0: 0.7, 2.0: 0.8} | {11.0 + at: probability for at, probability in enumerate(second_piece)}
    features = [_frame(at_s, {"water bottle": share, "website": 0.99}) for at_s, share in times.items()]
    found = seen(V, Found([TimeSpan(0, 10), TimeSpan(10, 20)], (), (), (), (), features))
    assert len(found) == mentions
    if found:
        assert found[0] == Mention(
            EntityKind.THING, "water bottle", V, TimeSpan(0, 10), MentionSource.SEEN, "water bottle", 2.0
        )


def _frame(at_s: float, tags: dict[str, float]) -> FrameFeatures:
    vector = np.ones(2, np.float32)
    return FrameFeatures(at_s, vector, vector, tuple(tags.items()))
