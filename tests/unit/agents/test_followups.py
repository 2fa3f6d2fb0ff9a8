from __future__ import annotations

import pytest

from agents.followups import carries, points_back, resolved
from app.core.types import Answer, AnswerStatus, Citation, SegmentKind, TimeSpan, Turn, VideoId

SCREEN = SegmentKind.SCREEN_TEXT


def cited(start_s: float, end_s: float, quote: str, kind: SegmentKind = SegmentKind.SPEECH) -> Citation:
    return Citation(VideoId("v"), TimeSpan(start_s, end_s), kind, quote, None, True)


def turn(question: str, answer: str, *citations: Citation) -> Turn:
    status = AnswerStatus.ANSWERED if citations else AnswerStatus.NOT_IN_VIDEO
    return Turn(question, question, Answer(status, answer, 0.8, citations))


COST = turn(
    "How much does the bicycle bridge cost?",
    "It costs 2.4 million euros.",
    cited(90, 94, "The bridge costs two point four million."),
)
ITEM = turn("What is the first item?", "The bicycle bridge.", cited(15, 18, "The first item is the bicycle bridge."))
QUOTED = turn(
    "What is the first item?",
    'At 0:15: "The first item is the bridge."',
    cited(15, 18, "The first item is the bridge."),
)
MENTIONS = turn(
    "When is the library mentioned?",
    "3 times",
    cited(420, 423, "The second item is the library."),
    cited(424, 428, "It will open on Sundays."),
    cited(500, 503, "The library must wait."),
)
SAYS = turn("Who says that nobody was asked?", "Councillor Weiss.", cited(426, 430, "Weiss says nobody was asked."))
WRITES = turn("How many writes does SQLite reach?", "900", cited(264, 268, "SQLite reached nine hundred."))
BOWL = turn("What does she make?", "She makes a simple bowl on the wheel.", cited(9, 13, "We make a simple bowl."))
SLIDE = turn("What is written on the first slide?", "TOWN COUNCIL", cited(0, 10, "TOWN COUNCIL\n14 May", SCREEN))
SUNDAYS = turn("When does the library open on Sundays?", "At ten.", cited(424, 428, "It will open on Sundays."))
MINUTE = turn("What is said in the first minute?", "I call the meeting.", cited(10, 14, "I call the meeting."))


@pytest.mark.parametrize(
    ("last", "asked", "whole"),
    [
        (COST, "And after that?", 'What is said right after "The bridge costs two point four million"?'),
        (COST, "What happens before that?", 'What happens before "The bridge costs two point four million"?'),
        (COST, "Then what?", 'What is said right after "The bridge costs two point four million"?'),
        (COST, "What does he say next?", 'What does he say right after "The bridge costs two point four million"?'),
        (COST, "meanwhile?", 'What is said while "The bridge costs two point four million"?'),
        (ITEM, "what is the next item?", 'What is the item right after "The first item is the bicycle bridge"?'),
        (SLIDE, "and then?", 'What is written on the screen right after "TOWN COUNCIL"?'),
        (COST, "Who said it?", 'Who says "The bridge costs two point four million"?'),
        (COST, "When exactly?", 'When is "The bridge costs two point four million" said?'),
        (SLIDE, "when?", 'When is "TOWN COUNCIL" shown?'),
        (COST, "And how many people were asked?", "How many people were asked?"),
        (COST, "When will it open?", "When will the bicycle bridge open?"),
        (COST, "Does the county pay for it?", "Does the county pay for the bicycle bridge?"),
        (ITEM, "How much does it cost?", "How much does the bicycle bridge cost?"),
        (QUOTED, "How much does it cost?", "How much does the bridge cost?"),
        (BOWL, "How long was it dried?", "How long was the simple bowl dried?"),
        (SAYS, "Is he ill?", "Is Councillor Weiss ill?"),
        (SAYS, "What else does she say?", "What else does Councillor Weiss say?"),
        (SAYS, "What is her opinion?", "What is Councillor Weiss's opinion?"),
        (COST, "And the library?", "How much does the library cost?"),
        (COST, "What about the pool?", "How much does the pool cost?"),
        (WRITES, "MySQL?", "How many writes does MySQL reach?"),
        (COST, "The library?", "How much does the library cost?"),
        (WRITES, "and PostgreSQL?", "How many writes does PostgreSQL reach?"),
        (SUNDAYS, "and on Saturdays?", "When does the library open on Saturdays?"),
        (SUNDAYS, "and the pool?", "When does the pool open on Sundays?"),
        (MINUTE, "and in the last minute?", "What is said in the last minute?"),
        (MINUTE, "And at 5:00?", "What is said at 5:00?"),
        (ITEM, "And the second one?", "What is the second item?"),
        (MENTIONS, "What about the second one?", "What is said at 7:04?"),
        (MENTIONS, "and the last one?", "What is said at 8:20?"),
    ],
)
def test_a_question_that_points_back_becomes_a_whole_one(last: Turn, asked: str, whole: str) -> None:
    found = resolved(asked, [last])
    assert found is not None and found.question == whole


@pytest.mark.parametrize(
    "asked",
    [
        "How much does the library cost?",
        "Does the bridge cost more than it should?",
        "What does he say about the old mill?",
        "Who says that the staff has not been asked?",
        "What is said after the vote?",
        "Is it said that the mill is torn down?",
        "Summarise the video",
        "What is this about?",
        "When was it recorded?",
        "List the members.",
        "Who will give the next lecture?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(asked: str) -> None:
    assert resolved(asked, [COST]) is None
    assert not points_back(asked)


def test_the_moment_is_that_of_the_last_citation_even_when_the_last_question_had_no_answer() -> None:
    nothing = turn("Who pays?", "The video does not say this.")
    found = resolved("and after that?", [COST, nothing])
    assert found is not None and found.anchor is not None and found.anchor.at is not None
    assert found.anchor.at.span == TimeSpan(90, 94)


def test_whoever_says_something_is_the_speaker_and_not_a_person_who_was_only_named() -> None:
    named = turn("After whom is the bridge named?", "Elena Marsh.", cited(110, 115, "It is named after Elena Marsh."))
    assert resolved("What does he say about the harbour?", [named]) is None
    noticed = turn("Who noticed it?", "In March Miriam Foster noticed it.", cited(1, 2, "Miriam Foster noticed it."))
    checked = resolved("What was she checking?", [noticed])
    assert checked is not None and checked.question == "What was Miriam Foster checking?"
    found = resolved("What did she found?", [named])
    assert found is not None and found.question == "What did Elena Marsh found?"


def test_a_refusal_names_nothing_that_a_question_could_point_back_to() -> None:
    refused = turn("Who noticed it?", "The video does not say this. Searched: speech, on-screen text.")
    assert resolved("What was she checking?", [refused]) is None


def test_nothing_is_put_in_without_something_to_point_back_to() -> None:
    assert resolved("and after that?", []) is None
    assert resolved("and after that?", [turn("Who pays?", "The video does not say this.")]) is None
    assert resolved("and the tenth one?", [MENTIONS]) is None


@pytest.mark.parametrize(
    "asked", ["Why?", "And after that?", "What about the mill?", "How long was it?", "Who said it?"]
)
def test_a_question_that_needs_what_came_before_is_known(asked: str) -> None:
    assert points_back(asked)


def test_a_model_must_keep_the_words_of_the_question_and_add_what_came_before() -> None:
    assert carries("Why so expensive?", "Why is the bicycle bridge so expensive?", [COST])
    assert not carries("Why so expensive?", "Who builds the bicycle bridge?", [COST])
    assert not carries("Why so expensive?", "Why is it expensive?", [COST])
