from __future__ import annotations

from agents.passages import from_segment
from agents.rules import plan
from agents.screen import at_edge, at_place, last_typed, lines, one_line
from agents.state import Passage
from app.core.types import Segment, SegmentKind, TimeSpan, VideoId


def shown(*texts: str) -> list[Passage]:
    return [
        from_segment(
            Segment(
                f"s{i}", VideoId("v"), SegmentKind.SCREEN_TEXT, TimeSpan(i * 2.0, i * 2.0 + 2.0), text, "t", i * 2.0
            )
        )
        for i, text in enumerate(texts)
    ]


def test_a_line_in_lower_case_goes_on_with_the_line_above() -> None:
    assert lines("echo\nthe omega") == ["echo the omega"]
    assert one_line("Item 1: Bridge\nItem 2: Library") == "Item 1: Bridge / Item 2: Library"
    assert lines("It ends here.\nthen it goes on") == ["It ends here.", "then it goes on"]


def test_the_first_line_is_of_several_words_where_one_is_near_and_a_word_is_a_word() -> None:
    texts = shown("HELLO", "we\nare\nhere", "Later")
    (line,) = at_edge(plan("What is the first line of text?"), texts)
    assert line.text == "we are here"
    assert line.span == TimeSpan(2.0, 4.0)
    (word,) = at_edge(plan("What is the first word on the screen?"), texts)
    assert word.text == "HELLO"


def test_what_was_typed_last_is_the_newest_line_that_grew_and_not_the_status_line_below_it() -> None:
    texts = shown(
        "Notes\nLine 1 col 0", "Notes\nFe\nLine 2 col 2", "Notes\nFeel\nLine 2 col 4", "Notes\nFeel free!\nLine 2 col 9"
    )
    typed = last_typed(texts)
    assert typed is not None
    assert (typed.text, typed.span.start_s) == ("Feel free!", 6.0)
    assert last_typed(shown("One", "Two", "Three")) is None


def test_the_line_at_a_place_has_as_many_words_as_the_question_wants() -> None:
    texts = shown("NEWS\nGolden Gate\nA bridge in fog\nBlue Sky")
    (top,) = at_place(plan("Which two words stand at the top of the picture?"), texts)
    assert top.text == "Golden Gate"
    (bottom,) = at_place(plan("What is written in the bottom line?"), texts)
    assert bottom.text == "Blue Sky"
