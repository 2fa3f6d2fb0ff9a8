"""What only pictures tell is kept when a second look at other frames agrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agents.agreement import agreed
from agents.modes import work_of
from agents.state import AgentState, Claim, Passage
from agents.verification import Verdict
from app.core.errors import WorkerFailed
from app.core.events import Event, Inspected, Verified
from app.core.settings import Agent, Settings, Weights
from app.core.types import AnswerStatus, Frame, Segment, SegmentKind, TimeSpan
from gpu_workers.language.fakes import FakeLanguageModel, FakeVisionLanguageModel
from gpu_workers.registry import Workers
from tests.tiny_models import EYES
from tests.unit.agents.parts import Desk, Said, names

QUESTION = "What colour is the mayor's tie?"
SEEN = "The mayor wears a green tie."
CAPTIONS: list[Said] = [(0.0, 60.0, "suit, mayor; grey")]


class Eyes:
    """Sees a green tie, and judges statements as it is told to; remembers the frames of each look."""

    def __init__(self, verdict: str | Callable[[str], str]) -> None:
        self._verdict = verdict
        self.looks: list[tuple[float, ...]] = []
        self.judged: list[str] = []
        self.model = FakeVisionLanguageModel(rule=self._answer)

    def _answer(self, frames: Sequence[Frame], question: str) -> str:
        self.looks.append(tuple(frame.pts_s for frame in frames))
        if "Statement: " not in question:
            return SEEN
        self.judged.append(question)
        return self._verdict if isinstance(self._verdict, str) else self._verdict(question)


def looked(eyes: Eyes, *, speech: Sequence[Said] = (), answer: str = SEEN, settings: Agent | None = None) -> Desk:
    model = FakeLanguageModel(rule=names("green tie", answer))
    return Desk(speech, captions=CAPTIONS, vision=eyes.model, model=model, settings=settings)


def verified(events: Sequence[Event]) -> list[Verified]:
    return [event for event in events if isinstance(event, Verified)]


def test_a_claim_is_kept_when_a_second_look_at_other_frames_agrees() -> None:
    eyes = Eyes("Yes, the tie is green.")
    events = looked(eyes).events(QUESTION)
    first, second = [event.frames_s for event in events if isinstance(event, Inspected)]
    assert [first, second] == eyes.looks and not set(first) & set(second)
    (judged,) = eyes.judged
    assert f"Question: {QUESTION}" in judged and f"Statement: {SEEN}" in judged
    (told,) = verified(events)
    assert told.supported and "two looks at different frames agree" in told.reason
    assert looked(Eyes("Yes.")).ask(QUESTION).citations[0].kind is SegmentKind.VISUAL


@pytest.mark.parametrize("verdict", ["No, the tie is red.", "no", "I cannot tell.", "The mayor wears a red tie.", ""])
def test_a_claim_is_dropped_when_the_second_look_does_not_agree(verdict: str) -> None:
    events = looked(Eyes(verdict)).events(QUESTION)
    assert [one.supported for one in verified(events)] == [False]
    assert "second look at other frames does not agree" in verified(events)[0].reason
    answer = looked(Eyes(verdict)).ask(QUESTION)
    assert answer.status is AnswerStatus.INSUFFICIENT and "do not agree" in answer.text


def test_a_claim_that_words_support_too_is_repaired() -> None:
    said: list[Said] = [(100.0, 104.0, "The mayor wears a green tie at every meeting, they say.")]
    answer = looked(Eyes("No."), speech=said).ask(QUESTION)
    assert answer.status is AnswerStatus.ANSWERED
    assert [citation.kind for citation in answer.citations] == [SegmentKind.SPEECH]


def test_words_that_do_not_support_a_claim_save_no_look() -> None:
    def claims(eyes: Eyes, said: str) -> Verdict | None:
        desk = Desk(vision=eyes.model)
        seen = Passage("E1", desk.video.id, SegmentKind.VISUAL, TimeSpan(0.0, 60.0), SEEN, 0.9)
        words = Passage("E2", desk.video.id, SegmentKind.SPEECH, TimeSpan(0.0, 5.0), said, 0.5)
        state: AgentState = {"question": QUESTION, "videos": (desk.video,), "options": ()}
        claim = Claim(SEEN, (seen, words))
        return agreed(claim, state, work_of(desk.parts, lambda: False), lambda event: None)

    verdict = claims(Eyes("No."), "The ferry leaves at nine.")
    assert verdict is not None and verdict.doubted
    assert claims(Eyes("No."), "The mayor wears a green tie today.") is None


def test_what_two_looks_agreed_on_needs_no_look_the_next_time() -> None:
    eyes = Eyes("Yes.")
    desk = looked(eyes)
    desk.ask(QUESTION)
    done = len(eyes.looks)
    assert desk.ask(QUESTION).status is AnswerStatus.ANSWERED
    assert len(eyes.looks) == done == 2


def test_a_bare_word_is_looked_at_again_each_time() -> None:
    eyes = Eyes("Yes.")
    desk = looked(eyes, answer="Green.")
    for _ in range(2):
        assert desk.ask(QUESTION).text == "Green."
    assert len(eyes.judged) == 2


def test_a_caption_of_a_model_that_looks_is_looked_at_again() -> None:
    eyes = Eyes(lambda question: "No." if "harbour" in question else "Yes.")
    model = FakeLanguageModel(rule=names("lifts", "It lifts a boat."))
    desk = Desk(vision=eyes.model, model=model)
    for start, text in ((20.0, "A red crane lifts a boat."), (60.0, "A ship enters the harbour.")):
        made = Segment(f"c{start}", desk.video.id, SegmentKind.CAPTION, TimeSpan(start, start + 20), text, "eyes@1")
        desk.library.add_segments([made])
        desk.retriever.add([made])
    assert desk.ask("What does the red crane lift?").citations[0].span == TimeSpan(20.0, 40.0)
    refused = desk.events("Which ship enters the harbour?")
    assert not any(one.supported for one in verified(refused))


def test_frames_are_kept_for_the_second_look() -> None:
    for budget in (2, 4, 16):
        eyes = Eyes("Yes.")
        answer = looked(eyes, settings=Agent(max_frames=budget)).ask(QUESTION)
        assert answer.status is AnswerStatus.ANSWERED and answer.usage.frames <= budget
    alone = looked(Eyes("Yes."), settings=Agent(max_frames=1)).events(QUESTION)
    assert "no frames were left" in verified(alone)[0].reason


def test_a_second_look_that_fails_is_no_agreement() -> None:
    def broken(question: str) -> str:
        raise WorkerFailed("The model is away.", "Try again.")

    told = verified(looked(Eyes(broken)).events(QUESTION))
    assert not told[0].supported and "the second look failed: The model is away." in told[0].reason


def test_without_a_model_that_looks_words_are_verified_as_ever() -> None:
    said: list[Said] = [(100.0, 104.0, "The mayor wears a green tie.")]
    desk = Desk(said, model=FakeLanguageModel(rule=names("green tie", SEEN)))
    assert desk.ask(QUESTION).status is AnswerStatus.ANSWERED


def test_a_model_that_sees_nothing_real_answers_nothing(tmp_path: Path) -> None:
    weights = Weights(vision_language_model=str(EYES["smolvlm"](tmp_path)))
    eyes = Workers(Settings(profile="cpu", weights=weights)).get("vision_language_model")
    answer = Desk(captions=CAPTIONS, vision=eyes, settings=Agent(max_frames=4)).ask(QUESTION)
    assert answer.status is not AnswerStatus.ANSWERED and answer.usage.frames > 0
