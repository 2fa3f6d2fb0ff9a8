"""Questions about a part of the picture: what code answers from tracks, and what a model that sees is shown.

The video: a car stands on the left from 3 to 40 s of 60, and beside it two bottles, all the time.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from agents.evidence import Passage
from agents.evidence.known_questions import known_questions
from agents.evidence.regions import APPEARS, LEAVES, LONG, WHAT, things_in
from agents.parts import Pictures
from app.core.errors import ToolRefused
from app.core.types import Answer, AnswerStatus, Frame, SegmentKind, TextLine, TimeSpan
from app.core.types.boxes import Box
from app.core.types.objects import ObjectTrack, Region, TimedBox
from gpu_workers.language.fakes import FakeChat, FakeVisionLanguageModel
from tests.unit.agents.parts import READS, SMALL, Desk, agent_chat, answer_of, answers, is_judging, verdict
from tests.unit.agents.test_things import Closed, MemoryTracks, track
from tests.unit.agents.test_tools import run

ANSWERABLE = known_questions("regions").facts

CAR = Region((0.08, 0.28, 0.22, 0.82), TimeSpan(10, 10))
BOTTLES = Region((0.55, 0.25, 0.95, 0.85), TimeSpan(10, 10))
NOTHING = Region((0.3, 0.0, 0.5, 0.2), TimeSpan(10, 10))
TRACKS = [track("car", 3, 40), track("bottle", 0, 60, 0.6), track("bottle", 0, 60, 0.8)]


class Signs:
    """Reads the same words in every picture."""

    model = "signs@1"

    def __init__(self, text: str) -> None:
        self._text = text
        self.shapes: list[tuple[int, ...]] = []

    def may_hold_text(self, frame: Frame) -> bool:
        return True

    def read(self, frame: Frame) -> list[TextLine]:
        self.shapes.append(frame.image.shape)
        return [TextLine(self._text, 0.9, (0.0, 0.0, 1.0, 1.0))] if self._text else []


def desk(text: str = "", **how: object) -> Desk:
    made = Desk(duration_s=60, **how)  # type: ignore[arg-type]
    made.parts = replace(made.parts, tracks=MemoryTracks(TRACKS), detector=Closed(), text_reader=Signs(text))
    return made


def ask(made: Desk, question: str, region: Region) -> Answer:
    return answer_of(made.events(question, region=region))


def names(region: Region, tracks: list[ObjectTrack] = TRACKS) -> list[str]:
    return [one.name for one in things_in(tracks, region)]


def test_a_rectangle_means_what_lies_in_it() -> None:
    assert names(CAR) == ["car"] and names(BOTTLES) == ["bottle", "bottle"] and names(NOTHING) == []
    assert names(replace(CAR, span=TimeSpan(50, 50))) == []


def test_a_rectangle_around_a_person_does_not_mean_the_tie_that_the_person_wears() -> None:
    person = ObjectTrack("person", TimeSpan(0, 9), (TimedBox(0, (0.2, 0.1, 0.5, 0.9), 0.9),))
    tie = ObjectTrack("tie", TimeSpan(0, 9), (TimedBox(0, (0.32, 0.3, 0.37, 0.5), 0.9),))
    assert names(Region((0.15, 0.05, 0.55, 0.95), TimeSpan(5, 5)), [tie, person]) == ["person"]
    assert names(Region((0.31, 0.28, 0.38, 0.52), TimeSpan(5, 5)), [tie, person]) == ["tie"]
    assert names(Region((0.4, 0.6, 0.48, 0.7), TimeSpan(5, 5)), [tie, person]) == ["person"]


def test_a_thing_that_moves_is_looked_for_where_it_is_at_that_time() -> None:
    boxes = (TimedBox(0, (0.0, 0.4, 0.2, 0.6), 0.9), TimedBox(10, (0.8, 0.4, 1.0, 0.6), 0.9))
    moving = ObjectTrack("car", TimeSpan(0, 10), boxes)
    middle = (0.38, 0.38, 0.62, 0.62)
    assert names(Region(middle, TimeSpan(5, 5)), [moving]) == ["car"]
    assert names(Region(middle, TimeSpan(0, 0)), [moving]) == []


@pytest.mark.parametrize(
    ("asked", "text"), [(WHAT, "car"), (LONG, "37 s (0:03-0:40)"), (APPEARS, "0:03"), (LEAVES, "0:40")]
)
def test_code_answers_from_the_track_and_cites_the_box(asked: str, text: str) -> None:
    answer = ask(desk(), ANSWERABLE[asked][0], CAR)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, text)
    (cited,) = answer.citations
    assert cited.verified and cited.kind is SegmentKind.OBJECT and cited.span == TimeSpan(3, 40)
    assert cited.frame_s == 10 and cited.box == pytest.approx((0.1, 0.3, 0.2, 0.8))


def test_several_things_are_counted_and_named_and_never_timed_as_one() -> None:
    assert ask(desk(), "How many bottles are in the box?", BOTTLES).text == "2"
    assert ask(desk(), "What is in the box?", BOTTLES).text == "bottle x2"
    assert ask(desk(), "When does it disappear?", BOTTLES).status is AnswerStatus.INSUFFICIENT


def test_a_thing_that_stays_until_the_end_does_not_leave() -> None:
    bottle = Region((0.58, 0.28, 0.72, 0.82), TimeSpan(10, 10))
    answer = ask(desk(), "When does it disappear?", bottle)
    assert answer.status is AnswerStatus.INSUFFICIENT and any("from 0:00 to 1:00" in one for one in answer.missing)


def test_what_only_a_look_could_answer_stays_open_and_says_what_is_missing() -> None:
    answer = ask(desk(), "What colour is the car?", CAR)
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert any("no model that can see" in one for one in answer.missing)
    assert any("car: left, from 0:03 to 0:40" in one for one in answer.missing)
    assert ask(desk(), "What is this?", NOTHING).status is AnswerStatus.INSUFFICIENT


def test_a_name_that_the_pictures_do_not_agree_on_is_no_answer() -> None:
    made = desk()
    doubtful = [track("car", 3, 40, truck=0.3, bus=0.25)]
    made.parts = replace(made.parts, tracks=MemoryTracks(doubtful))
    answer = ask(made, "What is this?", CAR)
    assert answer.status is AnswerStatus.INSUFFICIENT and any("car or truck" in one for one in answer.missing)


def test_text_is_read_in_the_part_alone() -> None:
    made = desk("EXIT 12")
    answer = ask(made, "What is written here?", CAR)
    assert answer.text == "EXIT 12" and answer.citations[0].box == CAR.box
    assert isinstance(made.parts.text_reader, Signs) and made.parts.text_reader.shapes == [(196, 128, 3)]


def test_a_vision_model_describes_the_part_for_a_small_chat_model() -> None:
    seen = FakeVisionLanguageModel(lambda frames, question: "The car is red.")
    reply = json.dumps({"answers": [{"evidence": ["E2"], "answer": "red"}]})
    chat = FakeChat(rule=lambda asked: verdict("yes") if is_judging(asked) else reply, capabilities=SMALL)
    made = desk(chat=chat, vision=seen)
    answer = ask(made, "What colour is the car?", CAR)
    assert answer.status is AnswerStatus.ANSWERED and answer.text.startswith("red")
    (cited,) = answer.citations
    assert cited.kind is SegmentKind.VISUAL and cited.box == pytest.approx((0.0688, 0.2368, 0.2312, 0.8632))


def test_two_parts_of_one_frame_are_described_and_kept_apart() -> None:
    said = iter(["The car is red.", "The bottles are green."])
    made = desk(chat=agent_chat([], capabilities=READS), vision=FakeVisionLanguageModel(lambda *_: next(said)))
    for left in (0.0, 0.6):
        run(made, "zoom", video="V1", start_s=10, left=left, top=0, right=left + 0.3, bottom=0.5)
    kept = made.library.segments(made.video.id, kinds=(SegmentKind.VISUAL,))
    assert {one.text for one in kept} == {"The car is red.", "The bottles are green."}


def test_a_model_that_sees_is_shown_the_part_before_it_does_anything() -> None:
    chat = agent_chat([answers(("It is red.", ["E2"]))])
    answer = ask(desk(chat=chat), "What colour is it?", CAR)
    first = chat.requests[0]
    frames = [part for message in first.messages for part in message.parts if isinstance(part, Frame)]
    assert len(frames) == 3 and {frame.image.shape for frame in frames} == {(228, 128, 3)}
    assert "car: left, from 0:03 to 0:40" in first.text
    assert answer.citations[0].box is not None


def test_zoom_refuses_a_part_without_an_area() -> None:
    with pytest.raises(ToolRefused, match="left < right"):
        run(desk(), "zoom", video="V1", start_s=3, left=0.5, top=0, right=0.5, bottom=1)
    outcome = run(desk(), "zoom", video="V1", start_s="0:10", left=0, top=0.2, right=0.3, bottom=0.9)
    assert [part.text for part in outcome.parts if isinstance(part, Passage)] == ["car: left, from 0:03 to 0:40"]


@pytest.mark.parametrize(
    ("box", "shape"),
    [((0.0, 0.0, 1.0, 1.0), (360, 640)), ((0.999, 0.999, 1.0, 1.0), (128, 128)), ((0.5, 0.5, 0.5001, 1.0), (180, 128))],
)
def test_a_small_part_is_enlarged_four_times_at_most(box: Box, shape: tuple[int, int]) -> None:
    made = desk()
    (frame,) = Pictures(made.frames).at(made.video, [1.0], 640, box)
    assert frame.image.shape[:2] == shape and frame.image.size and isinstance(frame.image, np.ndarray)
