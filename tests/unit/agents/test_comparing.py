from __future__ import annotations

import pytest

from agents.agent import VideoAgent
from agents.comparing import Comparison, asked_comparison
from agents.saying import statement
from app.core.events import Answered
from app.core.types import Answer, AnswerStatus, TimeSpan, Turn, Utterance, from_json
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said

BREAD: list[Said] = [
    (12.0, 15.0, "The bread is baked at two hundred degrees."),
    (40.0, 44.0, "Bring the bread to the library before it is cold."),
]


@pytest.mark.parametrize(
    ("question", "comparison"),
    [
        ("Which video mentions the library?", Comparison("which", "library")),
        ("In which of the two videos is bread baked?", Comparison("which", "bread baked")),
        ("Do both videos mention the library?", Comparison("all", "library")),
        ("What does each video say about the library?", Comparison("each", "library")),
        ("Compare the two videos: bread", Comparison("each", "bread")),
    ],
)
def test_a_comparison_names_what_is_looked_for(question: str, comparison: Comparison) -> None:
    assert asked_comparison(question) == comparison


@pytest.mark.parametrize(
    "question",
    [
        "What is the video about?",
        "Which item is first?",
        "Do both members agree?",
        "At what time in the video does the counter reach 044956?",
        "What does the video say about bread?",
    ],
)
def test_a_question_about_one_video_compares_nothing(question: str) -> None:
    assert asked_comparison(question) is None


def ask(question: str) -> Answer:
    desk = Desk(MEETING, SLIDES)
    other = desk.add("w", BREAD, duration_s=60.0)
    return desk.ask(question, videos=[desk.video, other])


def test_the_videos_that_tell_of_something_are_named_with_the_moment() -> None:
    answer = ask("Which video mentions bread?")
    assert answer.text == 'In "w.mp4", at 0:12: "The bread is baked at two hundred degrees."'
    assert [c.span for c in answer.citations] == [TimeSpan(12.0, 15.0)]


def test_whether_all_videos_tell_of_something_is_answered_with_the_proof_of_each() -> None:
    both, one = ask("Do both videos mention the library?"), ask("Do both videos mention bread?")
    assert both.text.startswith('Yes. In "v.mp4", at 6:55') and len(both.citations) == 2
    assert one.text.startswith("No, only 1 of 2.") and len(one.citations) == 1


def test_what_each_video_says_is_told_side_by_side_and_silence_is_named() -> None:
    assert len(ask("What does each of the videos say about the library?").citations) == 2
    assert ask("What does each of the videos say about bread?").text.endswith('Nothing was found in "v.mp4".')


def test_what_no_video_tells_is_not_answered() -> None:
    assert ask("Which video mentions a submarine?").status is AnswerStatus.NOT_IN_VIDEO


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Who says that the staff has not been asked?", "the staff has not been asked"),
        ('Who says "we must wait"?', "we must wait"),
        ("Who asked whether it rains?", "it rains"),
        ("Who speaks first?", ""),
        ("Who is the mayor?", ""),
    ],
)
def test_the_words_that_somebody_is_asked_to_have_said(question: str, said: str) -> None:
    assert statement(question) == said


def test_who_said_something_is_the_name_in_the_sentence() -> None:
    said: list[Said] = [*MEETING, (430.0, 434.0, "Councillor Weiss says that the staff has not been asked.")]
    answer = Desk(said).ask("Who says that the staff has not been asked?")
    assert answer.text.startswith("Councillor Weiss. At 7:10")


def test_of_equal_sentences_the_one_that_names_somebody_is_taken() -> None:
    said: list[Said] = [
        (10.0, 12.0, "The old mill is by the river."),
        (20.0, 24.0, "Councillor Petrov asks whether the old mill has to go."),
    ]
    assert Desk(said).ask("Who asks about the old mill?").text.startswith("Councillor Petrov.")


def test_else_it_is_the_voice_that_says_it() -> None:
    desk = Desk(MEETING)
    said = [
        Utterance(u.span, u.text, speaker="Ingrid" if u.span.start_s < 400 else "Marta")
        for u in desk.library.utterances(desk.video.id)
    ]
    desk.library.save_utterances(desk.video.id, said)
    assert desk.ask("Who says that the library must wait?").text.startswith("Marta. At 8:20")


def test_a_voice_without_a_name_is_said_to_have_none() -> None:
    answer = Desk(MEETING).ask("Who says that the county pays sixty percent?")
    assert answer.text == 'At 1:35: "The county pays sixty percent of that." Nothing tells whose voice this is.'


@pytest.mark.parametrize("question", ["Who says that the bridge is too expensive?", "Who says that it will rain?"])
def test_what_nobody_said_has_nobody_who_said_it(question: str) -> None:
    assert Desk(MEETING, SLIDES).ask(question).status is AnswerStatus.NOT_IN_VIDEO


def test_who_said_it_is_asked_of_the_sentence_that_was_cited() -> None:
    desk = Desk([*MEETING, (430.0, 434.0, "Councillor Weiss says that the staff has not been asked.")])
    agent = VideoAgent(desk.parts)
    turn = Turn("Has the staff been asked?", "Has the staff been asked?", desk.ask("Has the staff been asked?"))
    last = list(agent.ask("Who said that?", [desk.video], turns=[turn]))[-1]
    assert isinstance(last, Answered)
    assert from_json(Answer, last.answer).text.startswith("Councillor Weiss.")
