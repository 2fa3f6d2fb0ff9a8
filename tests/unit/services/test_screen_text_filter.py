"""Running numbers and lists of names are told of, not quoted; everything else on the screen keeps its words."""

from __future__ import annotations

import pytest

from app.core.types import SegmentKind, TimeSpan
from app.services.screen_text_filter import filter_screen_text, longest_prose
from app.services.topics import Sentence

CREDITS = "Harbour Film Team\nTOM HALE Director\nANNA BERG Art Director\nOle Lund Lead Artist\nMia Krog Composer"
CROWD = "Levius Tom Hanssen lordvader Lorenzo Nils Berg magic8192 mariconline Mark Gallaher nabz37 wouter Ole Dahl"
PROSE = "We have seen that the old bridge of Varden can no longer carry the trains that cross it every day."


def written(at_s: float, text: str, length_s: float = 1.0) -> Sentence:
    return Sentence(TimeSpan(at_s, at_s + length_s), SegmentKind.SCREEN_TEXT, text, at_s)


def said(at_s: float, text: str) -> Sentence:
    return Sentence(TimeSpan(at_s, at_s + 2.0), SegmentKind.SPEECH, text)


def caption(text: str) -> Sentence:
    return Sentence(TimeSpan(0.0, 60.0), SegmentKind.CAPTION, text)


def clock(at_s: float, *lines: str, speed: float = 1.0) -> Sentence:
    value = round(at_s * speed)
    return written(at_s, "\n".join([*lines, f"{value // 3600:02}:{value // 60 % 60:02}:{value % 60:02}:07"]))


def texts(sentences: list[Sentence]) -> list[str]:
    return [sentence.text for sentence in filter_screen_text(sentences)]


def test_a_silent_video_with_a_time_code_is_told_as_that_and_cites_it() -> None:
    (made,) = filter_screen_text([caption("Colours: black."), *(clock(at) for at in range(5, 60, 7))])
    assert made.text == "Shows a running time code; nothing is said."
    assert (made.quote, made.span.start_s, made.frame_s) == ("00:00:05:07", 5.0, 5.0)


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        ([written(at, f"{30 * at:06}") for at in range(0, 90, 9)], "a running counter"),
        ([written(at, f"{90 - at:02}") for at in range(0, 50, 10)], "a running counter"),
        ([written(at, f"12:{at // 60:02}") for at in range(0, 600, 60)], "a running clock"),
        ([written(at, number) for at, number in zip(range(5), ("17", "4", "850", "3", "1"), strict=True)], "numbers"),
    ],
)
def test_what_kind_of_number_runs_is_told(shown: list[Sentence], kind: str) -> None:
    assert texts(shown) == [f"Shows {kind}; nothing is said."]


def test_a_reading_that_was_misread_does_not_stop_a_counter() -> None:
    shown = [written(at, f"{30 * at:06}") for at in range(0, 90, 9)]
    shown[4] = written(36.0, "801080")
    assert texts(shown) == ["Shows a running counter; nothing is said."]


def test_words_beside_a_time_code_stay_and_are_told_once() -> None:
    shown = [written(4.0, "Take nine", 60.0), *(clock(at, "Take nine") for at in range(5, 60, 7))]
    assert texts(shown) == ["Take nine", "Shows a running time code; nothing is said."]


def test_where_something_is_said_numbers_are_not_told_of() -> None:
    spoken = said(3.0, "This is take nine of the harbour scene.")
    assert texts([spoken, *(clock(at) for at in range(5, 60, 7))]) == [spoken.text]


def test_a_clock_in_the_corner_of_a_screen_is_not_what_is_shown() -> None:
    slides = [written(at, f"Rule {name}") for at, name in enumerate(("one", "two", "three", "four", "five", "six"))]
    assert texts([*slides, *(clock(at) for at in range(10, 60, 10))]) == [slide.text for slide in slides]


def test_numbers_that_do_not_run_stay_with_their_words() -> None:
    slides = [written(5.0, "42\nof all people agree"), written(20.0, "1969\nfirst landing"), written(40.0, "07\nteams")]
    assert texts(slides) == [slide.text for slide in slides]


def test_a_schedule_is_no_clock() -> None:
    times = {10: "09:00\nArrival", 12: "09:30\nLecture", 60: "12:00\nLunch", 62: "14:00\nTalks", 90: "14:15\nEnd"}
    assert texts([written(at, entry) for at, entry in times.items()]) == list(times.values())


@pytest.mark.parametrize("nothing", ["R", "wwwww", "ww w ww", "--", "7"])
def test_a_misread_picture_is_nothing(nothing: str) -> None:
    assert filter_screen_text([written(3.0, nothing)]) == []


def test_captions_stay_where_no_counter_runs() -> None:
    assert texts([caption("A dog runs."), written(3.0, "R")]) == ["A dog runs."]


def test_pages_of_names_are_told_by_the_first_and_cite_it() -> None:
    shown = [written(10.0, PROSE), written(40.0, CREDITS), written(44.0, CROWD), written(60.0, PROSE)]
    made = filter_screen_text(shown)
    assert [one.text for one in made] == [
        PROSE,
        "Shows a list of names, such as Harbour Film Team, Tom Hale and Anna Berg.",
        PROSE,
    ]
    assert (made[1].quote, made[1].span.start_s) == (CREDITS, 40.0)


def test_a_page_of_names_alone_is_no_list_when_they_are_written_small() -> None:
    assert texts([written(44.0, CROWD)]) == [CROWD]


def test_of_a_screen_of_prose_and_code_the_longest_prose_is_quoted() -> None:
    code, prose = "$ x=1; y[0]", "* Please write a poem for everyone about\n  how we work together.\nThank you"
    screen = f"Keys: C-c l v\n# A short heading\n{code}\n{prose}\n>>> 1+1=2"
    assert longest_prose(screen) == "Please write a poem for everyone about how we work together.\nThank you"
    assert longest_prose("C-c\nx=1; y[0]") == "C-c\nx=1; y[0]"
    assert longest_prose("2) 会议决定\n3) 预算通过") == "会议决定\n预算通过"
