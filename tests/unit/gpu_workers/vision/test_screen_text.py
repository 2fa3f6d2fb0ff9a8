from __future__ import annotations

import random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import TextLine, TimeSpan
from gpu_workers.vision.screen_text import merge_readings, same_line


def page(*texts, confidence=0.9) -> list[TextLine]:
    """Lines one below the other; a text may be given with its own confidence and height."""
    lines = []
    for index, text in enumerate(texts):
        words, sure = text if isinstance(text, tuple) else (text, confidence)
        lines.append(TextLine(words, sure, (0.1, 0.1 * index, 0.9, 0.1 * index + 0.08)))
    return lines


def told(texts):
    return [(text.text, text.span.start_s, text.span.end_s) for text in texts]


def test_no_readings_and_empty_readings_give_no_text():
    assert merge_readings([], until_s=10) == []
    assert merge_readings([(0, []), (5, page("  "))], until_s=10) == []


def test_a_text_that_stays_is_one_text_until_the_picture_changes_to_another():
    readings = [(2, page("Budget")), (4, page("Budget")), (8, page("Thank you")), (10, [])]
    assert told(merge_readings(readings, until_s=20)) == [("Budget", 2, 8), ("Thank you", 8, 10)]


def test_of_several_changes_between_two_readings_the_middle_one_parts_their_texts():
    readings = [(2, page("Budget")), (8, page("Thank you"))]
    texts = told(merge_readings(readings, until_s=20, changes=[2, 3, 4.5, 8, 12]))
    assert texts == [("Budget", 2, 4.5), ("Thank you", 4.5, 20)]


def test_the_last_text_lasts_to_the_end():
    assert told(merge_readings([(2, page("Budget"))], until_s=9)) == [("Budget", 2, 9)]


def test_an_end_before_the_last_reading_is_no_trouble():
    assert told(merge_readings([(5, page("Budget"))], until_s=3)) == [("Budget", 5, 5)]


def test_the_surest_wording_is_kept_with_its_frame():
    readings = [(0, page("Harb0ur prject", confidence=0.6)), (1, page("Harb0ur project", confidence=0.99))]
    (text,) = merge_readings(readings, until_s=2)
    assert (text.text, text.frame_s, text.confidence) == ("Harb0ur project", 1, pytest.approx(0.99))


def test_a_list_that_builds_up_gives_a_text_for_each_step_with_the_title():
    readings = [
        (0, page("Plan", "dig")),
        (10, page("Plan", "dig", "build")),
        (20, page("Plan", "dig", "build", "open")),
    ]
    assert told(merge_readings(readings, until_s=30)) == [
        ("Plan\ndig", 0, 10),
        ("Plan\ndig\nbuild", 10, 20),
        ("Plan\ndig\nbuild\nopen", 20, 30),
    ]


def test_a_time_code_does_not_cut_the_text_beside_it():
    readings = [(t, page("Interview with the mayor", f"00:00:{t:02d}.00")) for t in range(0, 50, 10)]
    texts = merge_readings(readings, until_s=50)
    assert ("Interview with the mayor", 0, 50) in told(texts)
    assert ("00:00:20.00", 20, 30) in told(texts) and len(texts) == 6


def test_a_time_code_is_known_only_until_the_picture_changes():
    readings = [(t, page("Interview with the mayor", f"00:00:{t:02d}.00")) for t in range(0, 50, 10)]
    texts = told(merge_readings(readings, until_s=50, changes=list(range(50))))
    assert ("Interview with the mayor", 0, 50) in texts
    assert ("00:00:20.00", 20, 21) in texts


def test_a_logo_is_one_text_over_changing_slides():
    slides = ["Alpha results", "Bravo budget", "Charlie people", "Delta risks", "Echo questions"]
    readings = [(10 * i, page("ACME Television", slide)) for i, slide in enumerate(slides)]
    texts = told(merge_readings(readings, until_s=50))
    assert ("ACME Television", 0, 50) in texts
    assert ("Charlie people", 20, 30) in texts and len(texts) == 6


def test_twenty_minutes_of_scrolling_code_under_a_logo_are_joined_within_seconds():
    draw = random.Random(1)
    code = ["".join(draw.choices("abcdefghij _(.", k=40)) for _ in range(2000)]
    top = TextLine("ACME Television", 0.9, (0.7, 0.0, 0.9, 0.02))
    readings = []
    for n in range(120):
        shown = [TextLine(code[15 * n + k], 0.9, (0.05, 0.03 + 0.027 * k, 0.6, 0.05 + 0.027 * k)) for k in range(35)]
        readings.append((10.0 * n, [top, *shown]))
    started = process_time()
    texts = merge_readings(readings, until_s=1200)
    assert process_time() - started < 5
    assert ("ACME Television", 0, 1200) in told(texts)


def test_a_line_that_one_reading_missed_does_not_cut_its_text():
    both = page("Harbour project", "new quay wall")
    readings = [(0, both), (10, both[:1]), (20, both)]
    assert told(merge_readings(readings, until_s=30)) == [("Harbour project\nnew quay wall", 0, 30)]


def test_a_text_that_comes_back_is_two_texts():
    readings = [(0, page("echo")), (10, page("the way of truth")), (20, page("echo"))]
    assert [text.text for text in merge_readings(readings, until_s=30)] == ["echo", "the way of truth", "echo"]


def test_readings_may_come_in_any_order():
    readings = [(4, page("Budget")), (2, page("Budget")), (8, page("Thank you"))]
    assert merge_readings(readings, until_s=9) == merge_readings(sorted(readings, key=lambda r: r[0]), until_s=9)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Harbour project", "harbour  Project", True),
        ("Where logic gates are opened wide", "Where logic gates are opend wide", True),
        ("costs 4.2 million", "costs 4.3 million", False),
        ("page 17", "page 18", False),
        ("yes", "no", False),
        ("***", "---", False),
    ],
)
def test_likeness_of_lines_forgives_letters_but_not_digits(a, b, same):
    assert same_line(a, b) is same


WORDS = st.sampled_from(
    ["alpha", "the omega", "12:30", "12:31", "page 1", "page 2", "we are here to", "WORK", "", "42"]
)
LINE = st.builds(
    lambda text, sure, row: TextLine(text, sure, (0.1, row / 10, 0.9, row / 10 + 0.05)),
    WORDS,
    st.floats(0.5, 1),
    st.integers(0, 9),
)
READINGS = st.lists(st.tuples(st.floats(0, 1000, allow_nan=False), st.lists(LINE, max_size=5)), max_size=12)


@given(readings=READINGS, until_s=st.floats(0, 1200, allow_nan=False))
def test_texts_are_sorted_within_bounds_and_none_is_lost(readings, until_s):
    texts = merge_readings(readings, until_s=until_s)
    assert [text.span for text in texts] == sorted(text.span for text in texts)
    times = [time for time, _ in readings]
    for text in texts:
        whole = TimeSpan(min(times), max(until_s, *times))
        assert whole.contains(text.span.start_s) and whole.contains(text.span.end_s)
        assert text.span.contains(text.frame_s) and text.text.strip() and 0 < text.confidence <= 1
    for time, lines in readings:
        for line in lines:
            if line.text.strip():
                there = [piece for text in texts if text.span.contains(time) for piece in text.text.split("\n")]
                assert any(same_line(line.text, piece) for piece in there)
