"""The agent looks and listens again where it must, within its budget, and takes no tag for a proof."""

from __future__ import annotations

import pytest

from app.core.events import Inspected
from app.core.settings import Agent
from app.core.types import AnswerStatus, SegmentKind
from gpu_workers.language.fakes import FakeLanguageModel, FakeVisionLanguageModel
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said, names

COUNTING: list[Said] = [(float(at), at + 1.0, f"{at * 30:06d}") for at in range(0, 600, 60)]


def test_pictures_are_not_guessed_from_tags() -> None:
    captions: list[Said] = [(0.0, 60.0, "suit, dock; blue, grey")]
    answer = Desk(MEETING, captions=captions).ask("What colour is the mayor's tie?")
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert "vision model" in answer.text


def test_a_vision_model_looks_and_what_it_saw_is_kept() -> None:
    vision = FakeVisionLanguageModel(rule=lambda frames, question: "The mayor wears a green tie.")
    model = FakeLanguageModel(rule=names("green tie", "The tie of the mayor is green."))
    captions: list[Said] = [(0.0, 60.0, "suit, mayor; grey")]
    desk = Desk(captions=captions, vision=vision, model=model)
    answer = desk.ask("What colour is the mayor's tie?")
    assert answer.text == "The tie of the mayor is green."
    assert answer.citations[0].kind is SegmentKind.VISUAL
    assert answer.usage.frames > 0
    kept = desk.library.segments(desk.video.id, kinds=(SegmentKind.VISUAL,))
    assert sorted(s.text for s in kept) == ["The mayor wears a green tie.", "The tie of the mayor is green."]
    assert {s.question for s in kept} == {"What colour is the mayor's tie?"}


def test_text_that_ingest_missed_is_read_in_the_frame_of_the_moment() -> None:
    desk = Desk(MEETING, hidden=[(120.0, 125.0, "Frame 003600")])
    events = desk.events("What is written on the screen at 2:02?")
    assert any(isinstance(e, Inspected) and e.action == "read_text" and e.frames_s == (122.0,) for e in events)
    answer = desk.ask("What is written on the screen at 2:02?")
    assert "Frame 003600" in answer.text
    assert answer.citations[0].frame_s == 122.0
    again = desk.library.segments(desk.video.id, kinds=(SegmentKind.SCREEN_TEXT,))
    assert len(again) == 1


def test_speech_that_was_hardly_understood_is_heard_again() -> None:
    said: list[Said] = [(90.0, 94.0, "The cost of the bring is too pint for million euros.")]
    desk = Desk(said, confidence=0.3, heard="The cost of the bridge is two point four million euros.")
    events = desk.events("What is the cost of the bridge in euros?")
    assert any(isinstance(e, Inspected) and e.action == "transcribe" for e in events)


def test_frames_stay_within_the_budget() -> None:
    desk = Desk(screen=[(0.0, 300.0, "Chapter one")], settings=Agent(max_frames=2))
    answer = desk.ask("Which secret number is written on the screen in the first 5 minutes?")
    assert len(desk.frames.asked) <= 2
    assert answer.usage.frames <= 2


def test_steps_stay_within_the_budget() -> None:
    for steps in (1, 2, 5):
        answer = Desk(MEETING, SLIDES, settings=Agent(max_steps=steps)).ask("Which submarine is written on the slide?")
        assert answer.usage.steps <= steps


def test_a_running_counter_is_read_again_at_the_reckoned_moment() -> None:
    desk = Desk(screen=COUNTING, hidden=[(90.0, 90.9, "002700")])
    events = desk.events("At what time does the frame counter reach 002700?")
    assert any(isinstance(e, Inspected) and e.frames_s == (90.0,) for e in events)
    answer = desk.ask("At what time does the frame counter reach 002700?")
    assert answer.text == 'At 1:30: the screen shows "002700"'


def test_a_value_that_the_counter_never_reaches_is_not_in_the_video() -> None:
    answer = Desk(screen=COUNTING).ask("At what time does the frame counter reach 900000?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO


@pytest.mark.parametrize("caption", ["Looks like: maraca and popsicle.", "Colours: mostly grey, some green."])
def test_a_class_that_a_tagger_named_is_never_an_answer(caption: str) -> None:
    model = FakeLanguageModel(rule=names("maraca", "A maraca."))
    desk = Desk(MEETING, captions=[(0.0, 60.0, caption)], model=model)
    answer = desk.ask("What does the mayor hold up in his hand?")
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert answer.citations == ()
    assert "vision model is needed" in answer.text
    assert ("maraca" in answer.text) == ("maraca" in caption)


def test_a_measured_colour_is_a_guess_that_says_so() -> None:
    desk = Desk(captions=[(0.0, 60.0, "Looks like: maraca. Colours: mostly black, a pink border. Dark picture.")])
    answer = desk.ask("What colour is the border around the picture?")
    assert "Perhaps a pink border" in answer.text
    assert not any(c.verified for c in answer.citations)
    assert answer.confidence <= 0.2
    chosen = desk.ask("What colour is the border around the picture?", options=["Black", "Green", "Magenta / pink"])
    assert (chosen.option_index, chosen.confidence) == (2, 0.2)
