from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.timewords import anchor, seconds, time_scope
from agents.wording import clock

HOUR = 3600.0


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("What happens at 12:30?", 750),
        ("At 1:02:03, what is said?", 3723),
        ("What is on the screen at 90 seconds?", 90),
        ("What does the counter show exactly 15 minutes into the video?", 900),
        ("What does he say at about 20 minutes?", 1200),
        ("12 minutes in, what is discussed?", 720),
        ("What is shown around minute 3?", 180),
        ("What is said at the 5 minute mark?", 300),
        ("What is said at 1 minute and 30 seconds?", 90),
        ("What is said at one minute?", 60),
        ("What is written at 0:05?", 5),
    ],
)
def test_a_moment_is_read(question: str, at: float) -> None:
    scope = time_scope(question)
    assert scope is not None
    assert scope.at == at
    window = scope.window(2 * HOUR)
    assert window is not None
    assert window.contains(at)
    assert window.duration_s <= 30


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What is said between 3:00 and 4:30?", 180, 270),
        ("What is said from minute 3 to minute 5?", 180, 300),
        ("Summarise 10:00-12:00", 600, 720),
        ("What is said in the last 2 minutes?", 3480, 3600),
        ("What happens in the first minute?", 0, 60),
        ("Who speaks during the first 30 seconds?", 0, 30),
        ("What is shown after 10 minutes?", 600, 3600),
        ("What comes before the 2:00 mark?", 0, 120),
        ("How many bottles stand there at the end?", 3570, 3600),
        ("Which word is alone at the very end?", 3594, 3600),
        ("What is listed at the start of the video?", 0, 30),
        ("How does the film end?", 3570, 3600),
        ("What does the opening title say?", 0, 30),
        ("What happens in the second half?", 1800, 3600),
        ("What is said halfway through the video?", 1620, 1980),
    ],
)
def test_a_stretch_is_read(question: str, start: float, end: float) -> None:
    scope = time_scope(question)
    assert scope is not None
    window = scope.window(HOUR)
    assert window is not None
    assert (window.start_s, window.end_s) == pytest.approx((start, end))


@pytest.mark.parametrize(
    "question",
    [
        "What stands at the end of the bridge?",
        "Does the meeting close at 9:40 pm?",
        "Does the dough rest for 20 minutes?",
        "How long does it bake at 220 degrees?",
        'Who says "be there at 12:30"?',
        "What is his last name?",
        "Who is the first speaker?",
    ],
)
def test_what_is_no_time_of_the_video_is_left_alone(question: str) -> None:
    assert time_scope(question) is None


def test_a_moment_past_the_end_has_no_window() -> None:
    scope = time_scope("What happens at 40:00?")
    assert scope is not None
    assert scope.window(1500.0) is None


@pytest.mark.parametrize("words", ["at exactly 0:06", "exactly at 0:06", "precisely at second 6"])
def test_an_exact_time_is_no_stretch_around_it(words: str) -> None:
    scope = time_scope(f"What is said {words}?")
    assert scope is not None
    assert (scope.start, scope.end, scope.words) == (5.5, 6.5, words)


@pytest.mark.parametrize(
    ("question", "text", "side", "close"),
    [
        ("What happens after the vote?", "the vote", "after", False),
        ("After the vote, what is discussed?", "the vote", "after", False),
        ('Which words follow directly after "echo the alpha"?', "echo the alpha", "after", True),
        ("What does she say right before she opens the oven?", "she opens the oven", "before", True),
        ('What is the first line, before "echo" appears?', "echo", "before", False),
    ],
)
def test_an_anchor_is_read(question: str, text: str, side: str, close: bool) -> None:
    found = anchor(question)
    assert found is not None
    assert (found.text, found.side, found.close) == (text, side, close)


@pytest.mark.parametrize(
    "question",
    [
        "After whom is the bridge named?",
        "Do people complain after midnight?",
        "What is shown after 10 minutes?",
        "Who is the ship named after?",
        "Which of the following is true?",
        "What happened the day before?",
    ],
)
def test_what_is_no_event_of_the_video_is_no_anchor(question: str) -> None:
    assert anchor(question) is None


@given(st.integers(0, 35_999))
def test_every_clock_time_is_read_back(at: int) -> None:
    assert seconds(clock(at)) == at
    scope = time_scope(f"What is said at {clock(at)}?")
    assert scope is not None
    assert scope.at == at


@given(st.text(max_size=80), st.floats(0, 20_000))
def test_any_question_gives_a_window_inside_the_video(text: str, duration_s: float) -> None:
    scope = time_scope(text)
    window = scope.window(duration_s) if scope else None
    assert window is None or 0 <= window.start_s <= window.end_s <= duration_s


@given(st.sampled_from(["at 0:05", "in the last 2 minutes", "at the end", "between 1:00 and 2:00"]), st.floats(0, 9000))
def test_windows_never_leave_the_video(words: str, duration_s: float) -> None:
    scope = time_scope(f"What is said {words}?")
    assert scope is not None
    window = scope.window(duration_s)
    assert window is None or window.end_s <= duration_s
