from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.events import Answered, Event, Planned, Understood
from app.core.types import Answer, AnswerStatus, Message, TimeSpan, Turn, from_json
from gpu_workers.language.fakes import FakeLanguageModel
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said

PAYS: list[Said] = [*MEETING[:4], (98.5, 101.0, "Construction would start in September."), *MEETING[4:]]


def talk(desk: Desk, *questions: str) -> list[tuple[Answer, list[Event]]]:
    """Asks one after another in one conversation."""
    turns: list[Turn] = []
    told = []
    for question in questions:
        events = desk.events(question, turns=turns)
        last = events[-1]
        assert isinstance(last, Answered)
        answer = from_json(Answer, last.answer)
        whole = next((e.question for e in events if isinstance(e, Understood)), question)
        turns.append(Turn(question, whole, answer))
        told.append((answer, events))
    return told


def test_what_comes_after_an_answer_is_found_beside_its_citation() -> None:
    (first, _), (second, events) = talk(Desk(PAYS, SLIDES), "What does the county pay?", "And after that?")
    assert first.citations[-1].span.end_s == 98.0
    assert second.status is AnswerStatus.ANSWERED
    assert second.citations[0].span.start_s == 98.5
    assert isinstance(events[0], Understood) and events[0].asked == "And after that?"
    assert isinstance(events[1], Planned) and events[1].time_words.startswith("after ")


def test_the_same_words_elsewhere_do_not_move_the_moment() -> None:
    said: list[Said] = [
        (10.0, 12.0, "Now we vote."),
        (13.0, 15.0, "The bridge is approved by the members."),
        (300.0, 302.0, "Now we vote."),
        (303.0, 305.0, "The library is refused by the members."),
    ]
    turn = Turn(
        "What is refused?", "What is refused?", _answered(Desk(said), "Which library is refused by the members?")
    )
    before = Desk(said).events("What is said right before that?", turns=[turn])[-1]
    assert isinstance(before, Answered)
    assert [c.span for c in from_json(Answer, before.answer).citations] == [TimeSpan(300.0, 302.0)]


def test_a_sentence_with_the_pronoun_answers_what_is_asked_of_the_name_before_it() -> None:
    said: list[Said] = [
        (160.0, 168.0, "At night Miriam Foster noticed the smudge beside the star."),
        (169.0, 171.0, "It was not a comet at all."),
        (172.0, 174.0, "She was checking whether a cable had come loose."),
        (400.0, 403.0, "She was checking the weather of the week."),
    ]
    _, (answer, events) = talk(Desk(said), "Who noticed the smudge?", "What was she checking?")
    assert isinstance(events[0], Understood) and events[0].question == "What was Miriam Foster checking?"
    assert [citation.span.start_s for citation in answer.citations] == [172.0]


def test_a_fragment_asks_the_last_whole_question_of_something_else() -> None:
    (first, _), *others = talk(
        Desk(PAYS, SLIDES), "When will the library open?", "And on Mondays?", "What about the pool?"
    )
    assert "Sundays" in first.citations[0].quote
    whole = [event.question for _, events in others for event in events if isinstance(event, Understood)]
    assert whole == ["When will the library open on Mondays?", "When will the pool open on Mondays?"]
    assert others[-1][0].status is AnswerStatus.NOT_IN_VIDEO


def test_a_question_that_stands_alone_is_not_changed_by_the_conversation() -> None:
    _, (_, events) = talk(Desk(PAYS, SLIDES), "What does the county pay?", "How many members are in favour?")
    assert not any(isinstance(event, Understood) for event in events)


def test_the_language_model_writes_the_whole_question_where_no_rule_fits() -> None:
    def rule(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> str:
        if schema and "question" in schema["properties"]:
            assert "Follow-up: Why?" in messages[-1].content
            return json.dumps({"question": "Why does the county pay sixty percent?"})
        return json.dumps({"evidence": "none", "answer": "not in video"})

    desk = Desk(PAYS, model=FakeLanguageModel(rule=rule))
    turn = Turn(
        "What does the county pay?", "What does the county pay?", _answered(Desk(PAYS), "What does the county pay?")
    )
    told = desk.events("Why?", turns=[turn])[0]
    assert told == Understood("Why?", "Why does the county pay sixty percent?", "model")


def test_a_whole_question_of_the_model_that_forgets_what_was_asked_is_not_used() -> None:
    model = FakeLanguageModel(rule=lambda messages, schema: json.dumps({"question": "Who wins?"}))
    turn = Turn(
        "What does the county pay?", "What does the county pay?", _answered(Desk(PAYS), "What does the county pay?")
    )
    events = Desk(PAYS, model=model).events("Why?", turns=[turn])
    assert not any(isinstance(event, Understood) for event in events)


def _answered(desk: Desk, question: str) -> Answer:
    answer = desk.ask(question)
    assert answer.citations
    return answer
