"""What a look has learned is kept, so that a second question costs less."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.core.events import Answered, Inspected
from app.core.types import Answer, AnswerStatus, Frame, TimeSpan, from_json
from gpu_workers.language.fakes import FakeVisionLanguageModel
from tests.unit.agents.meeting import MEETING
from tests.unit.agents.parts import Desk, Said


class Seeing:
    """A vision model that counts the frames it is shown."""

    def __init__(self) -> None:
        self.frames = 0
        self.model = FakeVisionLanguageModel(rule=self.answer)

    def answer(self, frames: Sequence[Frame], question: str) -> str:
        self.frames += len(frames)
        return "The mayor wears a green tie."


def ask(desk: Desk, question: str) -> Answer:
    answer = desk.ask(question)
    assert answer.status is AnswerStatus.ANSWERED
    return answer


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is written on the screen at 2:02?", "What is written on the screen at 2:02?"),
        ("What is written on the screen at 2:02?", "Which code is written on the screen at 2:02?"),
        (
            "Which secret code is written on the screen in the first 2 minutes?",
            "Which secret code is written on the screen in the first 2 minutes?",
        ),
        ("Which secret code is written on the screen in the first 2 minutes?", "What is the secret code?"),
    ],
)
def test_text_that_was_read_is_not_read_again(first: str, second: str) -> None:
    desk = Desk(MEETING, hidden=[(0.0, 125.0, "SECRET CODE KX-4471")])
    before = ask(desk, first)
    decoded = len(desk.frames.asked)
    after = ask(desk, second)
    assert "KX-4471" in before.text and "KX-4471" in after.text
    assert before.usage.frames > 0 == after.usage.frames
    assert len(desk.frames.asked) == decoded


def test_only_the_rest_of_a_stretch_is_read() -> None:
    desk = Desk(hidden=[(0.0, 60.0, "SECRET CODE KX-4471")])
    ask(desk, "Which secret code is written on the screen in the first minute?")
    decoded = len(desk.frames.asked)
    events = desk.events("Which secret code is written on the screen in the first 2 minutes?")
    last = events[-1]
    assert isinstance(last, Answered) and "KX-4471" in from_json(Answer, last.answer).text
    assert [e.frames_s for e in events if isinstance(e, Inspected)] == [(70.0, 90.0, 110.0)]
    assert len(desk.frames.asked) == decoded + 3


@pytest.mark.parametrize("second", ["What colour is the mayor's tie?", "Which colour does the tie of the mayor have?"])
def test_what_a_vision_model_said_answers_the_next_question_without_a_look(second: str) -> None:
    eyes = Seeing()
    desk = Desk(MEETING, vision=eyes.model)
    before = ask(desk, "What colour is the mayor's tie?")
    shown = eyes.frames
    after = ask(desk, second)
    assert shown > 0 and eyes.frames == shown
    assert before.usage.frames > 0 == after.usage.frames
    assert after.usage.steps < before.usage.steps


def test_speech_that_was_heard_again_is_not_heard_a_third_time() -> None:
    said: list[Said] = [(90.0, 94.0, "The cost of the bring is too pint for million euros.")]
    desk = Desk(said, confidence=0.3, heard="The cost of the bridge is two point four million euros.")
    heard: list[TimeSpan] = []
    samples = desk.parts.audio.samples

    def counted(path: object, span: TimeSpan) -> object:
        heard.append(span)
        return samples(path, span)  # type: ignore[arg-type]

    desk.parts.audio.samples = counted  # type: ignore[method-assign, assignment]
    for _ in range(2):
        assert "two point four" in ask(desk, "What is the cost of the bridge in euros?").text
    assert len(heard) == 1
