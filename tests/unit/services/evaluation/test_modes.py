"""A mode shows the agent one source only, and leaves nothing behind."""

from __future__ import annotations

from app.core.types import Segment, SegmentKind, TimeSpan
from app.services.evaluation.modes import Mode, evenly, restricted
from tests.unit.agents.parts import Desk


def desk() -> Desk:
    return Desk(
        [(10, 14, "The vote was in March.")],
        [(20, 24, "Budget of March")],
        captions=[(30, 34, "a march of people in March"), (300, 340, "a dog in March")],
    )


def kinds(mode: Mode) -> set[SegmentKind]:
    one = desk()
    parts = restricted(one.parts, mode)
    found = parts.retriever.search("March", limit=8, videos=[one.video.id])
    listed = parts.library.segments(one.video.id)
    assert {e.segment.id for e in found} <= {s.id for s in listed}
    return {segment.kind for segment in listed}


def test_each_mode_shows_its_own_source() -> None:
    assert kinds(Mode.TRANSCRIPT) == {SegmentKind.SPEECH}
    assert kinds(Mode.CAPTIONS) == {SegmentKind.CAPTION}
    assert kinds(Mode.FULL) == {SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT, SegmentKind.CAPTION}


def test_what_was_said_is_hidden_where_speech_is() -> None:
    one = desk()
    assert restricted(one.parts, Mode.TRANSCRIPT).library.utterances(one.video.id)
    assert not restricted(one.parts, Mode.CAPTIONS).library.utterances(one.video.id)


def test_uniform_shows_what_is_there_at_evenly_spaced_moments() -> None:
    assert evenly(600.0, 4) == [75.0, 225.0, 375.0, 525.0]
    one = desk()
    shown = restricted(one.parts, Mode.UNIFORM).library.segments(one.video.id)
    assert [s.text for s in shown] == ["a dog in March"]


def test_a_mode_learns_nothing_and_does_not_see_what_others_learned() -> None:
    one = desk()
    parts = restricted(one.parts, Mode.CAPTIONS)
    seen = Segment("look-1", one.video.id, SegmentKind.CAPTION, TimeSpan(1, 2), "a cat in March", "m", None, "Which?")
    parts.library.add_segments([seen])
    parts.retriever.add([seen])
    assert all(s.id != "look-1" for s in one.library.segments(one.video.id))
    one.library.add_segments([seen])
    one.retriever.add([seen])
    assert all(s.id != "look-1" for s in parts.library.segments(one.video.id))
    assert all(e.segment.id != "look-1" for e in parts.retriever.search("cat", limit=8))
