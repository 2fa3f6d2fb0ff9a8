"""Whether, when, how often and in which order things are said or shown, and what comes first and last: by code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from agents.evidence import mentions
from agents.evidence.question_classifier import AskedFor, QuestionClassifier, question_classifier
from app.core.errors import WorkerFailed
from app.core.settings import Settings
from app.core.types import AnswerStatus, SegmentKind
from gpu_workers.language.e5 import E5Embedder
from gpu_workers.language.fakes import FakeChat, Rule
from tests.unit.agents.parts import SMALL, Desk

SPEECH = [(40, 45, "Der Hafen ist alt."), (65, 70, "Now to the cost."), (90, 95, "Goodbye.")]
SCREEN = [(70, 80, "COST / 920,000"), (85, 95, "THE END")]
COSTS = [(0, 5, "The cost is the cost."), (5, 9, "Costs rise; there is no cost limit."), (9, 12, "Goodbye.")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says what the question asks for, in place of the classifier."""

    def recognized(kind: AskedFor | None) -> None:
        monkeypatch.setattr(QuestionClassifier, "asked_for", lambda *_: kind)

    return recognized


def desk(*words: str, about: Sequence[str] = (), speech: Any = SPEECH, screen: Any = SCREEN) -> Desk:
    """The model takes these words for what is looked for, and these lines for ones about it."""

    def weights(messages: Any, labels: Sequence[str]) -> dict[str, float]:
        share = 0.9 if any(f'"{one}"' in messages[-1].text for one in about) else 0.1
        return {labels[0]: share, labels[1]: 1 - share}

    return Desk(speech, screen, chat=FakeChat(rule=copies(*words), capabilities=SMALL, weights=weights))


def copies(*words: str) -> Rule:
    """The model copies these words from the question; of the lines it says that they do not hold the answer."""
    copied = json.dumps({"words": words})
    return lambda request: copied if "words" in (request.schema or {}).get("properties", {}) else "unknown"


def test_the_lines_that_hold_what_is_looked_for_are_quoted_with_their_times(asked: Any) -> None:
    asked(AskedFor.MOMENT)
    answer = desk("cost").ask("When do they talk about the cost?")
    assert (answer.status, answer.text) == (
        AnswerStatus.ANSWERED, "1:05 “Now to the cost.”\n1:10 “COST / 920,000”"
    )  # fmt: skip
    assert [one.span.start_s for one in answer.citations] == [65, 70] and all(one.verified for one in answer.citations)


def test_whether_it_is_mentioned_is_answered_with_the_lines_that_mention_it(asked: Any) -> None:
    asked(AskedFor.MENTIONED)
    assert desk("cost").ask("Is the cost mentioned?").text == "1:05 “Now to the cost.”\n1:10 “COST / 920,000”"


def test_where_no_line_holds_the_words_the_model_names_one_that_is_about_them(asked: Any) -> None:
    asked(AskedFor.MOMENT)
    answer = desk("old port", about=["Der Hafen ist alt."]).ask("When do they get to the old port?")
    assert answer.text == "0:40 “Der Hafen ist alt.”"


@pytest.mark.parametrize("words", ["price", "", "old port"], ids=["not asked", "none", "nowhere"])
def test_no_time_is_named_where_nothing_is_about_what_is_looked_for(asked: Any, words: str) -> None:
    asked(AskedFor.MOMENT)
    assert "“" not in desk(words).ask("When do they get to the old port?").text


@pytest.mark.parametrize("question", ["How often does she say cost?", "How often does she say “cost”?"])
@pytest.mark.parametrize(
    ("count", "kind", "text"),
    [
        (AskedFor.TIMES_SAID, SegmentKind.SPEECH, "“cost”: 3x"),
        (AskedFor.TIMES_SHOWN, SegmentKind.SCREEN_TEXT, "“cost”: 2x"),
    ],
    ids=["said", "shown"],
)
def test_how_often_something_is_said_or_shown_is_counted(
    asked: Any, count: AskedFor, kind: SegmentKind, text: str, question: str
) -> None:
    asked(count)
    chat = FakeChat(rule=copies("cost"), capabilities=SMALL)
    answer = Desk(COSTS, [(0, 5, "COST / total cost"), (9, 12, "The end")], chat=chat).ask(question)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, text)
    assert answer.citations and all(one.verified and one.kind is kind for one in answer.citations)


def test_a_word_of_a_single_character_is_counted(asked: Any) -> None:
    asked(AskedFor.TIMES_SAID)
    chat = FakeChat(rule=copies("钱"), capabilities=SMALL)
    assert Desk([(0, 5, "他花了很多钱。"), (5, 9, "钱不是问题。")], chat=chat).ask("“钱”说了几次？").text == "“钱”: 2x"


@pytest.mark.parametrize("words", ["profit", "", "price"], ids=["nowhere", "none", "not asked"])
def test_nothing_is_counted_that_does_not_occur_or_was_not_asked(asked: Any, words: str) -> None:
    asked(AskedFor.TIMES_SAID)
    chat = FakeChat(rule=copies(words), capabilities=SMALL)
    assert Desk(COSTS, chat=chat).ask("How often does she say profit?").status is not AnswerStatus.ANSWERED


SCHOOL = [(60, 65, "The school needs a roof."), (90, 95, "Der Zug kommt zu spät."), (120, 125, "The bus.")]


@pytest.mark.parametrize(
    ("things", "text"),
    [
        (("bus", "school"), "1:00 school: “The school needs a roof.”\n2:00 bus: “The bus.”"),
        (("roof", "school"), "1:00 school: “The school needs a roof.”\n1:00 roof: “The school needs a roof.”"),
        (("train", "school"), "1:00 school: “The school needs a roof.”\n1:30 train: “Der Zug kommt zu spät.”"),
    ],
    ids=["words", "one line", "meaning"],
)
def test_things_are_put_in_the_order_in_which_they_are_first_said(
    asked: Any, things: tuple[str, ...], text: str
) -> None:
    asked(AskedFor.ORDER)
    order = desk(*things, about=["Der Zug kommt zu spät."], speech=SCHOOL, screen=())
    answer = order.ask(f"Which is first, {' or '.join(things)}?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, text)
    assert all(one.verified for one in answer.citations)


@pytest.mark.parametrize(
    "things", [["school"], ["school", "church"], ["school", "bus"]], ids=["one", "no", "not asked"]
)
def test_things_of_which_one_is_missing_are_not_put_in_order(asked: Any, things: Sequence[str]) -> None:
    asked(AskedFor.ORDER)
    assert "“" not in desk(*things, speech=SCHOOL, screen=()).ask("Which is first, the school or the church?").text


def test_an_unreadable_reply_does_not_fail_the_question(asked: Any) -> None:
    asked(AskedFor.TIMES_SAID)
    chat = FakeChat(["?", "?", "unknown"], capabilities=SMALL)
    assert Desk(COSTS, chat=chat).ask("How often does she say cost?").status is not AnswerStatus.ANSWERED


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (AskedFor.FIRST_SAID, "0:40 “Der Hafen ist alt.”"),
        (AskedFor.LAST_SAID, "1:30 “Goodbye.”"),
        (AskedFor.FIRST_SHOWN, "1:10 “COST / 920,000”"),
        (AskedFor.LAST_SHOWN, "1:25 “THE END”"),
    ],
    ids=str,
)
def test_the_first_and_the_last_line_are_quoted(asked: Any, kind: AskedFor, text: str) -> None:
    asked(kind)
    assert desk().ask("What is it?").text == text


def test_of_a_video_without_speech_no_first_words_are_quoted(asked: Any) -> None:
    asked(AskedFor.FIRST_SAID)
    silent = Desk(screen=SCREEN, chat=FakeChat(["unknown"], capabilities=SMALL))
    assert "“" not in silent.ask("What are the first words?").text


def test_long_lines_and_long_lists_are_shortened(asked: Any) -> None:
    asked(AskedFor.MOMENT)
    lines = [(at * 10, at * 10 + 5, f"Cost number {at}. {'x' * 300}") for at in range(7)]
    text = (
        Desk(lines, chat=FakeChat(rule=copies("cost"), capabilities=SMALL))
        .ask("When do they talk about the cost?")
        .text.splitlines()
    )
    assert len(text) == mentions.MOST_QUOTED + 1 and text[-1] == "(+3)"
    assert all(line.endswith("…”") for line in text[:-1])


def test_an_embedder_that_fails_ends_the_run_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise WorkerFailed("The embedder has stopped.", "Start it again.")

    monkeypatch.setattr(QuestionClassifier, "asked_for", stopped)
    answer = desk().ask("When do they get to the old port?")
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert any("The embedder has stopped." in one for one in answer.missing)


@pytest.mark.slow
def test_everyday_questions_are_recognized_in_many_languages() -> None:
    embedder = E5Embedder.from_settings(Settings(), None)
    questions = {
        "When do they talk about the harbour?": AskedFor.MOMENT,
        "In welcher Minute wird der Hafen erwähnt?": AskedFor.MOMENT,
        "¿En qué minuto se habla del puerto?": AskedFor.MOMENT,
        "什么时候讲到港口？": AskedFor.MOMENT,
        "What are the first words of the speaker?": AskedFor.FIRST_SAID,
        "How does the talk end?": AskedFor.LAST_SAID,
        "What is on the first slide?": AskedFor.FIRST_SHOWN,
        "最后一张幻灯片上写着什么？": AskedFor.LAST_SHOWN,
        "Is the harbour mentioned?": AskedFor.MENTIONED,
        "Wird der Hafen überhaupt erwähnt?": AskedFor.MENTIONED,
        "How often does she say thank you?": AskedFor.TIMES_SAID,
        "Wie oft wird der Hafen erwähnt?": AskedFor.TIMES_SAID,
        "How often does the word risk appear on the screen?": AskedFor.TIMES_SHOWN,
        "How often does the ferry leave?": None,
        "Do they talk about the harbour before they get to the school?": AskedFor.ORDER,
        "Sortiere nach der ersten Erwähnung: Hafen, Schule, Brücke.": AskedFor.ORDER,
        "先讲到港口还是先讲到学校？": AskedFor.ORDER,
        "Which is older, the harbour or the school?": None,
        "How long is the video?": AskedFor.LENGTH,
        "¿Cuánto dura la película?": AskedFor.LENGTH,
        "How long is the bridge?": None,
        "Is the harbour open?": None,
        "When does the harbour open?": None,
        "What does the harbour cost?": None,
        "費用はいくらですか？": None,
        "Who was the first mayor?": None,
    }
    known = question_classifier()
    assert {question: known.asked_for(question, embedder) for question in questions} == questions


def test_another_embedder_recognizes_nothing() -> None:
    assert question_classifier().asked_for("When do they talk about the harbour?", Desk().embedder) is None
