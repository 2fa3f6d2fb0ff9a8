from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules import plan
from agents.state import QuestionType
from app.core.types import SegmentKind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is this video about?", QuestionType.SUMMARY),
        ("Summarise the lecture.", QuestionType.SUMMARY),
        ("What are the key points?", QuestionType.SUMMARY),
        ("When does she talk about the glaze?", QuestionType.MOMENT),
        ("At what point does the lecturer mention vacuum?", QuestionType.MOMENT),
        ("Find the part where the bridge is approved", QuestionType.MOMENT),
        ("At which minute is the logo shown?", QuestionType.MOMENT),
        ("How many times is vacuum mentioned?", QuestionType.COUNT),
        ("How often does he say hello?", QuestionType.COUNT),
        ("How many times did her own bowl collapse?", QuestionType.FACT),
        ("How many members voted in favour?", QuestionType.FACT),
        ("When is the homework due?", QuestionType.FACT),
        ("Was the decision postponed?", QuestionType.YES_NO),
        ("Which room is written on the slide?", QuestionType.SCREEN_TEXT),
        ("Who is credited for music?", QuestionType.SCREEN_TEXT),
        ("What does he say about indexes?", QuestionType.SPEECH),
        ("According to the reader, what is haunting Europe?", QuestionType.SPEECH),
        ("What colour is the border?", QuestionType.VISUAL),
        ("What is the last person wearing?", QuestionType.VISUAL),
        ("Why were the measurements lost?", QuestionType.CAUSE),
    ],
)
def test_the_kind_of_a_question_is_told(question: str, kind: QuestionType) -> None:
    assert plan(question).question_type is kind


@pytest.mark.parametrize(
    ("question", "sources", "strict"),
    [
        ("What is written on the sign?", (SegmentKind.SCREEN_TEXT,), True),
        ("What does the driver say?", (SegmentKind.SPEECH,), True),
        ("Which database does he recommend?", (SegmentKind.SPEECH,), False),
        ("How much clay is needed?", (), False),
    ],
)
def test_questions_name_their_sources(question: str, sources: tuple[SegmentKind, ...], strict: bool) -> None:
    made = plan(question)
    assert (made.sources, made.strict) == (sources, strict)


@pytest.mark.parametrize(
    ("question", "pick"),
    [
        ("What is the last temperature shown on the screen?", "last"),
        ("What is the first line of text?", "first"),
        ("Which word stands there at the very end?", "last"),
        ("What is his first name?", ""),
        ("What happened last week?", ""),
    ],
)
def test_first_and_last_choose_among_pieces(question: str, pick: str) -> None:
    assert plan(question).pick == pick


def test_a_question_of_time_words_alone_reads_the_stretch() -> None:
    made = plan("What does the presenter say at about 20 minutes?")
    assert made.reads_all
    assert made.scope is not None


def test_time_words_are_not_searched_for() -> None:
    assert plan("What is said about glaze at 4:20?").queries == ("What is said about glaze ?",)


def test_quoted_words_are_searched_for_by_themselves() -> None:
    assert "Open Movie" in plan('Who is named on the "Open Movie" card?').queries


@given(st.text(max_size=120))
def test_every_text_has_a_plan(text: str) -> None:
    made = plan(text)
    assert isinstance(made.question_type, QuestionType)
