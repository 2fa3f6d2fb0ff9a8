"""The generated hearing holds what its truth says, and its measure notices what is missing or invented."""

from __future__ import annotations

from dataclasses import replace

from app.core.types import Citation, SegmentKind, VideoId
from app.services.summarize import Point
from benchmarks.hearing import PEOPLE, Business, hearing, measure, minutes_found
from gpu_workers.language.fakes import FakeTextEmbedder

HEARING = hearing(0.5, seed=3, subjects=4)


def minutes_of(item: Business) -> Point:
    text = next(said.text for said in HEARING.said if said.span == item.span)
    return Point(text, (Citation(VideoId("v"), item.span, SegmentKind.SPEECH, text),), item.kind, item.who)


def test_minutes_count_only_with_the_right_kind_person_and_time() -> None:
    item = next(item for item in HEARING.items if item.kind == "action")
    right = minutes_of(item)
    assert minutes_found([right], [item]) == {"action": (1, 1, 0)}
    other = next(name for name in PEOPLE if name != item.who)
    wrong = [replace(right, who=other), replace(right, label="motion"), replace(right, text="Nothing.")]
    assert [minutes_found([point], [item])["action"][0] for point in wrong] == [0, 0, 0]
    assert minutes_found([replace(right, who=other)], [item])["action"][2] == 1


def test_the_measure_of_a_hearing_has_a_row_for_each_kind_and_style() -> None:
    rows = {row[0]: row for row in measure(HEARING, FakeTextEmbedder())}
    count = len(HEARING.topics)
    for kind in ("motion", "vote", "decision", "action", "open question"):
        assert rows[f"minutes: {kind}"][1:3] == [f"{count} of {count}", "0 wrong"]
    assert {"chapters", "neutral", "minutes", "notes", "highlights"} <= set(rows)
