from __future__ import annotations

from agents.passages import Narrower, fit, from_segment, merged, numbered
from app.core.types import Evidence, Segment, SegmentKind, TimeSpan, VideoId
from tests.unit.agents.parts import Desk, Said

TALK: list[Said] = [
    (0.0, 4.0, "Good morning everyone."),
    (4.5, 8.0, "Today we bake bread."),
    (8.5, 12.0, "The oven must be at two hundred degrees."),
    (12.5, 16.0, "Use a stone."),
    (40.0, 44.0, "Goodbye."),
]


def screen(start: float, end: float, text: str) -> Segment:
    return Segment(f"s{start}", VideoId("v"), SegmentKind.SCREEN_TEXT, TimeSpan(start, end), text, "test", start)


def test_speech_is_narrowed_to_the_best_sentence_and_its_neighbours() -> None:
    desk = Desk(TALK)
    whole = Segment("x", desk.video.id, SegmentKind.SPEECH, TimeSpan(0.0, 44.0), " ".join(t for _, _, t in TALK), "t")
    narrower = Narrower("How many degrees must the oven have?", desk.library, desk.embedder)
    best = narrower.passages([Evidence("E1", whole, 1.0)])[0]
    assert best.text == "Today we bake bread. The oven must be at two hundred degrees. Use a stone."
    assert best.span == TimeSpan(4.5, 16.0)


def test_text_that_stays_on_the_screen_is_one_passage() -> None:
    kept = merged([from_segment(screen(0, 10, "Title")), from_segment(screen(10, 20, "Title")),
                   from_segment(screen(60, 70, "Title"))])  # fmt: skip
    assert [p.span for p in kept] == [TimeSpan(0, 20), TimeSpan(60, 70)]


def test_passages_are_numbered_from_one() -> None:
    assert [p.id for p in numbered([from_segment(screen(0, 1, "a")), from_segment(screen(2, 3, "b"))])] == ["E1", "E2"]


def test_a_fit_lies_between_zero_and_one() -> None:
    assert fit(-1.0, 0.0) == 0.0
    assert fit(1.0, 1.0) == 1.0
    assert fit(0.3, 0.5) < fit(0.5, 0.5) < fit(0.5, 1.0)
