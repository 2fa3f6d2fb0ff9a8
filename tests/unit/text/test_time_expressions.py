from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.time_expressions import TimeScope, find_scope, seconds

HOUR = 3600.0


@pytest.mark.parametrize(
    ("question", "at"),
    [
        ("What happens at 12:30?", 750),
        ("What is written at 0:25?", 25),
        ("At 1:02:03, what is said?", 3723),
        ("What is on the screen at 90 seconds?", 90),
        ("What does the counter show exactly 15 minutes into the video?", 900),
        ("12 minutes in, what is discussed?", 720),
        ("What is shown around minute 3?", 180),
        ("What is said at the 5 minute mark?", 300),
        ("What is said at 1 minute and 30 seconds?", 90),
        ("What is shown at 1h30m?", 5400),
        ("Was passiert um 12:30?", 750),
        ("Was ist bei 0:25 zu sehen?", 25),
        ("Was sagt sie bei Minute drei?", 180),
        ("¿Qué pasa a las 12:30?", 750),
        ("¿Qué se ve a los 90 segundos?", 90),
        ("Que voit-on à 12:30 ?", 750),
        ("O que acontece às 3:20?", 200),
        ("Что происходит в 12:30?", 750),
        ("ماذا يحدث في 12:30؟", 750),
        ("在12:30的时候发生了什么？", 750),
        ("１２：３０に何が映っていますか", 750),
        ("ماذا يقال عند ٠:٢٥؟", 25),
        ("०:२५ पर क्या कहा जाता है?", 25),
        ("第3分20秒出现了什么？", 200),
    ],
)
def test_a_moment_is_read_in_every_language(question: str, at: float) -> None:
    scope = find_scope(question)
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
        ("Was geschieht zwischen 1:00 und 2:00?", 60, 120),
        ("12:30到13:00之间发生了什么？", 750, 780),
        ("What is said from minute 3 to minute 5?", 180, 300),
        ("Summarise 10:00-12:00", 600, 720),
        ("What is said in the last 2 minutes?", 3480, 3600),
        ("Summarise the first five minutes.", 0, 300),
        ("What happens in the first minute?", 0, 60),
        ("Was wird in den ersten 5 Minuten gesagt?", 0, 300),
        ("Was passiert in den letzten zwei Minuten?", 3480, 3600),
        ("¿Qué pasa en los primeros cinco minutos?", 0, 300),
        ("Que dit-elle dans les cinq premières minutes ?", 0, 300),
        ("前五分钟说了什么？", 0, 300),
        ("最后两分钟发生了什么？", 3480, 3600),
        ("第三分钟发生了什么？", 120, 180),
        ("最初の5分で何を言いましたか", 0, 300),
        ("What is shown after 10 minutes?", 600, 3600),
        ("Was passiert nach 12:30?", 750, 3600),
        ("What comes before the 2:00 mark?", 0, 120),
        ("How many bottles are there at the end?", 3570, 3600),
        ("Que se passe-t-il à la fin de la vidéo ?", 3570, 3600),
        ("What is listed at the start of the video?", 0, 30),
        ("What happens in the second half?", 1800, 3600),
        ("What is said halfway through the video?", 1620, 1980),
    ],
)
def test_a_span_is_read(question: str, start: float, end: float) -> None:
    scope = find_scope(question)
    assert scope is not None
    window = scope.window(HOUR)
    assert window is not None
    assert (window.start_s, window.end_s) == pytest.approx((start, end))


@pytest.mark.parametrize(
    "question",
    [
        "What stands at the end of the bridge?",
        "Does the meeting close at 9:40 pm?",
        "Um 9:40 Uhr beginnt welche Sitzung?",
        "下午9:40有什么？",
        "Does the dough rest for 20 minutes?",
        "Does it take about 20 minutes?",
        "How long does it bake at 220 degrees?",
        'Who says "be there at 12:30"?',
        "Wer sagt „um 12:30“?",
        "What is his last name?",
        "Who is the first speaker?",
        "Did they win 3:2?",
        "Was the final score 21:15?",
        "Is it a 16:9 picture?",
        "Is it a 16:10 picture?",
        "What does John 3:16 say?",
        "Which server is at 192.168.0.1:8080?",
        "Which machine has the address 12:34:56:78:9a:bc?",
    ],
)
def test_what_is_no_time_of_the_video_is_left_alone(question: str) -> None:
    assert find_scope(question) is None


@pytest.mark.parametrize("code", ["00:13:05:12", "00:13:05;12"])
def test_the_last_part_of_a_time_code_counts_frames(code: str) -> None:
    scope = find_scope(f"What is on the screen at {code}?")
    assert scope is not None
    assert scope.at == pytest.approx(13 * 60 + 5 + 12 / 25)


@pytest.mark.parametrize("words", ["at 0:25", "at 00:00:25:00", "bei 0:25", "at 00:00:25;05"])
def test_a_clock_time_means_what_is_said_or_shown_then(words: str) -> None:
    scope = find_scope(f"What is on the screen {words}?")
    assert scope is not None and scope.at is not None
    assert scope.at - 0.5 == pytest.approx(scope.start) and scope.at + 1 == pytest.approx(scope.end)


def test_a_time_in_whole_minutes_or_about_a_time_has_more_around_it() -> None:
    for words in ("at minute 12", "at about 12:00", "12 minutes in"):
        scope = find_scope(f"What happens {words}?")
        assert scope is not None and scope.start <= 710 and scope.end >= 730


def test_a_moment_past_the_end_has_no_window() -> None:
    scope = find_scope("What happens at 40:00?")
    assert scope is not None
    assert scope.window(1500.0) is None


@pytest.mark.parametrize("words", ["exactly at 0:06", "genau bei 0:06"])
def test_an_exact_time_has_half_a_second_around_it(words: str) -> None:
    scope = find_scope(f"What is said {words}?")
    assert scope is not None
    assert (scope.start, scope.end, scope.words) == (5.5, 6.5, words)


def test_the_words_are_those_of_the_question() -> None:
    scope = find_scope("Wer redet in den ersten fünf Minuten, und worüber?")
    assert scope is not None
    assert scope.words == "in den ersten fünf Minuten"


@given(st.integers(0, 35_999), st.sampled_from(["What is said at {}?", "Was wird um {} gesagt?", "{}说了什么？"]))
def test_every_clock_time_is_read_back(at: int, question: str) -> None:
    hours, minutes, rest = at // 3600, at % 3600 // 60, at % 60
    clock = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    scope = find_scope(question.format(clock))
    assert seconds(clock) == at
    assert scope is not None
    assert scope.at == at


@given(st.integers(2, 500), st.sampled_from(["first", "last"]))
def test_every_number_of_minutes_is_read(count: int, edge: str) -> None:
    scope = find_scope(f"What happens in the {edge} {count} minutes?")
    expected = (0.0, 60.0 * count) if edge == "first" else (-60.0 * count, math.inf)
    assert scope == TimeScope(*expected, f"in the {edge} {count} minutes")


@given(
    st.text(alphabet=st.characters() | st.sampled_from("0123456789:;. 前后分秒atminute"), max_size=60),
    st.floats(0, 20_000),
)
def test_any_question_gives_a_window_inside_the_video(text: str, duration_s: float) -> None:
    scope = find_scope(text)
    window = scope.window(duration_s) if scope else None
    assert window is None or 0 <= window.start_s <= window.end_s <= duration_s
    assert scope is None or scope.words in text
