"""The pipeline for small models: understand, gather, respond, judge."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from agents.evidence.question_classifier import AskedFor, QuestionClassifier
from agents.pipeline.respond import UNKNOWN
from agents.plans import Plan
from agents.prompts import examples
from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.events import Inspected, Planned, Searched, Understood
from app.core.settings import Agent
from app.core.types import AnswerStatus, Capabilities, Completion, Frame, SegmentKind, TimeSpan, Turn
from app.core.types.objects import Region
from app.text.time_expressions import find_scope
from gpu_workers.language.fakes import ChatRequest, FakeChat
from gpu_workers.language.replies import raise_if_stopped
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import SMALL, Desk, Row, WrittenFrames

QUESTION = "How much does the bicycle bridge cost?"


def reading(*parts: tuple[Sequence[str], str]) -> str:
    return json.dumps({"answers": [{"evidence": list(ids), "answer": text} for ids, text in parts]})


def small(
    replies: Sequence[str], *, yes: float = 0.9, words: float = 0.9, unknown: float = 0.1, two: float = 0.1
) -> FakeChat:
    def weights(_: object, labels: Sequence[str]) -> dict[str, float]:
        share = {"yes": yes, UNKNOWN: unknown, "two": two}.get(labels[0], words)
        return {labels[0]: share, labels[1]: 1 - share}

    return FakeChat(replies, capabilities=SMALL, weights=weights)


class Eyes:
    """A vision model that says the same of all frames; a slow one says nothing before it is stopped."""

    model = "eyes@1"
    capabilities = Capabilities(images=True)

    def __init__(self, *, slow: bool = False) -> None:
        self._slow = slow

    def look(self, frames: Sequence[Frame], question: str, stop: Callable[[], bool] | None = None) -> Completion:
        del frames, question
        while self._slow and stop is not None:
            raise_if_stopped(stop)
            time.sleep(0.01)
        return Completion("The bridge is green.")


def lines_read(chat: FakeChat, at: int = 0) -> str:
    """The prompt of a reading of lines, the first or a later one."""
    return [request.text for request in chat.requests if "Lines:" in request.text][at]


def line_of(desk: Desk, chat: FakeChat, text: str) -> str:
    del desk
    line = next(line for line in lines_read(chat).splitlines() if text in line)
    return line.split()[0]


def test_a_short_video_is_read_whole_in_order_of_time_without_times() -> None:
    chat = small([reading((["E4"], "2.4 million euros."))])
    events = Desk(MEETING[:4], chat=chat).events(QUESTION)
    assert isinstance(events[0], Planned) and events[0].mode == "pipeline"
    prompt = lines_read(chat)
    assert "E1 said: I call the meeting of the town council to order.\nE2 said: The first item" in prompt
    assert "1:30" not in prompt and "90" not in prompt


def test_of_several_videos_the_model_reads_which_one_each_line_is_from() -> None:
    chat = small([reading((["E2"], "second.mp4 is about Euler."))])
    desk = Desk([(1.0, 2.0, "Today we meet Gauss.")], chat=chat)
    second = desk.add("second", [(1.0, 2.0, "Today we meet\nEuler.")])
    desk.ask("Which lecture is about Euler?", videos=[desk.video, second])
    assert "E1 v.mp4, said: Today we meet Gauss.\nE2 second.mp4, said: Today we meet Euler.\n" in lines_read(chat)


def test_at_a_moment_that_the_question_names_the_screen_is_read_again() -> None:
    chat = small([reading((["E1"], "3 : 1"))])
    desk = Desk(chat=chat)
    desk.parts = replace(desk.parts, frames=WrittenFrames([(14, 16, "Score 3 : 1")]))
    answer = desk.ask("What is the score at 0:15?")
    assert "E1 on screen: Score 3 : 1" in lines_read(chat)
    assert answer.citations[0].span == TimeSpan(14.5, 15.5)


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("What is said at 00:01:32:05?", "What is said at 1:32?"),
        ("Was wird bei 00:01:32;05 gesagt?", "Was wird bei 1:32 gesagt?"),
        ("What is said at 1:32?", "What is said at 1:32?"),
    ],
)
def test_the_model_reads_the_lines_of_a_moment_and_a_clock_in_place_of_a_time_code(question: str, shown: str) -> None:
    chat = small([reading((["E1"], "It costs two point four million euros."))])
    Desk(MEETING, chat=chat).ask(question)
    lines = "Lines:\nE1 said: The cost of the bridge is two point four million euros.\n"
    assert lines_read(chat).endswith(f"{lines}Question: {shown}")


def test_what_ended_just_before_the_moment_of_a_question_is_not_read() -> None:
    slides: list[Row] = [(0.0, 12.9, "BUDGET"), (12.9, 20.0, "INSPECTION")]
    chat = small([reading((["E1"], "INSPECTION"))])
    Desk([(5.0, 12.8, "It is expensive.")], slides, chat=chat).ask("What is on the screen at 0:13?")
    asked = lines_read(chat)
    assert "INSPECTION" in asked and "BUDGET" not in asked and "It is expensive." in asked


def test_the_chapters_of_the_file_are_read_beside_what_is_said() -> None:
    chat = small([reading((["E1"], "It is called “Opening by the mayor”."))])
    chapters: list[Row] = [(0.0, 12.0, "Opening by the mayor"), (12.0, 30.0, "Safety report")]
    Desk([(1.0, 4.0, "Good evening.")], chat=chat, chapters=chapters).ask("What is the first chapter called?")
    assert "E2 summary: chapter 1 of 2: Opening by the mayor" in lines_read(chat)


def test_what_the_model_is_not_sure_of_comes_with_the_words_it_rests_on() -> None:
    chat = small([reading((["E4"], "2.4 million euros."))], yes=0.7)
    answer = Desk(MEETING[:4], chat=chat).ask(QUESTION)
    assert answer.text.startswith("2.4 million euros. (“") and answer.citations[0].quote in answer.text
    assert not answer.citations[0].verified


def test_of_several_unsure_statements_the_likeliest_is_shown() -> None:
    shares = iter([0.65, 0.8])

    def weights(_: object, labels: Sequence[str]) -> dict[str, float]:
        share = next(shares) if "yes" in labels else 0.1
        return {labels[0]: share, labels[1]: 1 - share}

    chat = FakeChat([reading((["E3"], "Nothing."), (["E4"], "2.4 million."))], capabilities=SMALL, weights=weights)
    assert Desk(MEETING[:4], chat=chat).ask(QUESTION).text.startswith("2.4 million.")


def test_the_answer_cites_the_lines_that_the_model_names() -> None:
    answer = Desk(MEETING, chat=small([reading((["E3"], "2.4 million euros."))])).ask(QUESTION)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "2.4 million euros.")
    assert [(c.span.start_s, c.verified) for c in answer.citations] == [(90.0, True)]
    assert answer.confidence == 0.9


def test_an_answer_cites_the_only_line_that_holds_its_words_instead_of_a_neighbour_that_the_model_names() -> None:
    words = "I call the meeting of the town council to order"
    answer = Desk(MEETING[:4], chat=small([reading((["E2"], words))])).ask("Who opens the meeting?")
    assert [one.quote for one in answer.citations] == [f"{words}."]
    own = Desk(MEETING[:4], chat=small([reading((["E2"], "The town council begins."))])).ask("Who opens it?")
    assert [one.quote for one in own.citations] != [one.quote for one in answer.citations]


def test_each_part_of_a_question_is_a_claim_of_its_own() -> None:
    both = reading((["E3"], "2.4 million euros."), (["E4"], "Sixty percent."))
    answer = Desk(MEETING, chat=small([both])).ask("What does it cost, and what does the county pay?")
    assert answer.text == "2.4 million euros. Sixty percent." and len(answer.citations) == 2


def test_unknown_is_a_refusal_in_the_language_of_the_question() -> None:
    desk = Desk(chat=small([reading(([], "unknown"))]))
    talk = desk.add("talk", MEETING, pictures=False)
    answer = desk.ask("Wer hat die Brücke gestrichen?", videos=[talk])
    assert (answer.status, answer.confidence) == (AnswerStatus.NOT_IN_VIDEO, None)
    assert answer.text == "Das wird im Video nicht gesagt oder gezeigt."
    assert answer.searched[0] == "what is said (from beginning to end)"


def test_a_model_without_a_schema_and_without_probabilities_is_shown_how_to_say_unknown() -> None:
    def imitate(request: ChatRequest) -> str:
        """Replies as the example did in which the lines do not give the answer."""
        texts = [message.text for message in request.messages]
        return texts[next(at for at, text in enumerate(texts) if "Wer hat das Boot gekauft?" in text) + 1]

    desk = Desk(chat=FakeChat(rule=imitate, capabilities=Capabilities(context=8_000)))
    answer = desk.ask("Who paints the bridge?", videos=[desk.add("talk", MEETING, pictures=False)])
    assert (answer.status, answer.missing) == (AnswerStatus.NOT_IN_VIDEO, ())


SPLIT = json.dumps({"questions": ["How much does the bicycle bridge cost?", "Who pays for it?"]})


def test_each_of_two_questions_is_answered_and_cited_by_itself() -> None:
    chat = small([SPLIT, reading((["E3"], "2.4 million euros")), reading((["E4"], "The county"))], two=0.9)
    desk = Desk(MEETING, chat=chat)
    answer = desk.ask("How much does the bicycle bridge cost, and who pays for it?")
    assert answer.text == "2.4 million euros. The county."
    assert [citation.span.start_s for citation in answer.citations] == [90.0, 95.0]
    assert "Question: Who pays for it?" in lines_read(chat, -1) and not answer.missing


def test_of_two_questions_the_one_that_stays_open_is_named() -> None:
    chat = small([SPLIT, reading((["E3"], "2.4 million euros.")), reading(([], "unknown"))], two=0.9)
    answer = Desk(MEETING, chat=chat).ask("How much does the bicycle bridge cost, and who pays for it?")
    assert answer.status is AnswerStatus.ANSWERED
    assert answer.missing == ("No answer was found to “Who pays for it?”.",)


def test_lines_that_most_likely_leave_the_question_open_are_not_answered_from() -> None:
    chat = small([reading((["E3"], "2.4 million euros."))], unknown=0.9)
    answer = Desk(MEETING, chat=chat).ask(QUESTION)
    assert answer.text == "Nothing that is said or written in the video answers this."
    assert all(request.max_output == 1 for request in chat.requests)


def test_words_that_a_small_model_copies_from_the_examples_of_its_prompt_are_no_answer() -> None:
    chat = small([reading((["E3"], "It opens when the street fair is in June."))])
    assert "The street fair is in June." in "".join(message.text for message in examples("lines"))
    assert Desk(MEETING, chat=chat).ask(QUESTION).status is not AnswerStatus.ANSWERED


def test_the_number_of_a_line_is_no_answer() -> None:
    assert Desk(MEETING, chat=small([reading((["E3"], "E3, E4"))])).ask(QUESTION).status is not AnswerStatus.ANSWERED


def test_what_no_words_answer_stays_open_where_pictures_could_and_nothing_sees() -> None:
    answer = Desk(MEETING, chat=small([reading(([], "unknown"))])).ask("Welche Farbe hat die Brücke?")
    assert answer.status is AnswerStatus.INSUFFICIENT and "no model that can see" in answer.missing[0]
    assert answer.text == "Nichts, was im Video gesagt wird oder geschrieben steht, beantwortet das."


@pytest.mark.parametrize(
    ("yes", "status"), [(0.95, AnswerStatus.ANSWERED), (0.7, AnswerStatus.INSUFFICIENT)], ids=["stated", "doubtful"]
)
def test_what_has_to_be_seen_is_answered_from_words_only_where_they_state_it(
    monkeypatch: pytest.MonkeyPatch, yes: float, status: AnswerStatus
) -> None:
    monkeypatch.setattr(QuestionClassifier, "asked_for", lambda *_: AskedFor.SEEN)
    answer = Desk(MEETING, chat=small([reading((["E4"], "Green."))], yes=yes)).ask("What colour is the bridge?")
    assert answer.status is status
    assert any("no model that can see" in one for one in answer.missing) == (status is AnswerStatus.INSUFFICIENT)


def test_pictures_that_do_not_count_for_the_person_leave_nothing_open() -> None:
    plan = Plan("Who paints the bridge?", sources=(SegmentKind.SPEECH,), by="user")
    answer = Desk(MEETING, chat=small([reading(([], "unknown"))])).ask("Who paints the bridge?", plan=plan)
    assert answer.status is AnswerStatus.NOT_IN_VIDEO


@pytest.mark.parametrize(
    ("unread", "source", "status"),
    [
        ("speech", SegmentKind.SPEECH, AnswerStatus.INSUFFICIENT),
        ("pictures", SegmentKind.SCREEN_TEXT, AnswerStatus.INSUFFICIENT),
        ("pictures", SegmentKind.SPEECH, AnswerStatus.NOT_IN_VIDEO),
    ],
)
def test_what_could_lie_in_a_stream_that_cannot_be_read_stays_open(
    unread: str, source: SegmentKind, status: AnswerStatus
) -> None:
    desk = Desk(MEETING, chat=small([reading(([], "unknown"))]))
    media = replace(desk.video.media, unread=((unread, "The stream cannot be decoded and is left out."),))
    plan = Plan("Who paints the bridge?", sources=(source,), by="user")
    answer = desk.ask("Who paints the bridge?", plan=plan, videos=[replace(desk.video, media=media)])
    assert answer.status is status
    sentence = f"The stream cannot be decoded and is left out ({desk.video.title})."
    assert answer.missing == ((sentence,) if status is AnswerStatus.INSUFFICIENT else ())


def test_an_answer_that_the_judge_rejects_is_not_given() -> None:
    answer = Desk(MEETING, chat=small([reading((["E1"], "Ninety euros."))], yes=0.05)).ask(QUESTION)
    assert answer.status is not AnswerStatus.ANSWERED and "Ninety" not in answer.text


def test_of_a_long_video_the_best_passages_are_read() -> None:
    talk: list[Row] = [
        (at * 10.0, at * 10 + 9.0, f"We talk about item {at} of the long list today.") for at in range(200)
    ]
    talk[150] = (1500.0, 1509.0, "The heron sleeps under the wooden pier.")
    chat = small([reading((["E1"], "Under the pier."))])
    Desk(talk, chat=chat, duration_s=2100).ask("Where does the heron sleep?")
    prompt = lines_read(chat)
    assert "The heron sleeps under the wooden pier." in prompt and len(prompt) < 6000


def test_a_part_that_the_question_names_is_searched_by_itself() -> None:
    talk = [(at * 5.0, at * 5 + 4.9, f"What about the budget, asks speaker {at}.") for at in range(60, 400)]
    budget = (100.0, 105.0, "For money matters: the budget is two million euros.")
    filler = [(at * 5.0, at * 5 + 4.9, f"Colleague {at} speaks about gardens, rivers and lakes.") for at in range(60)]
    desk = Desk([budget, *filler, *talk], chat=small([reading(([], "unknown"))]), duration_s=2000)
    events = desk.events("What about the budget in the first five minutes?")
    (searched,) = [event for event in events if isinstance(event, Searched)]
    assert budget[2] in [hit.text for hit in searched.hits]


def test_a_time_that_the_video_does_not_have_is_no_part_of_it() -> None:
    recipe = [(0, 5, "After twenty minutes in the oven, turn the bread over.")]
    desk = Desk(recipe, chat=small([reading((["E1"], "Turn it over."))]), duration_s=300)
    assert desk.ask("What should you do after 20 minutes in the oven?").text.startswith("Turn it over.")


def test_an_option_is_chosen_by_its_letter() -> None:
    chat = small([json.dumps({"evidence": ["E3"], "option": "A"})])
    answer = Desk(MEETING, chat=chat).ask(QUESTION, options=["Ninety euros", "2.4 million euros"])
    assert answer.option_index == 1 and answer.citations[0].span.start_s == 90.0


def test_no_option_is_a_refusal() -> None:
    chat = small([json.dumps({"evidence": [], "option": "-"})])
    answer = Desk(MEETING, chat=chat).ask(QUESTION, options=["Ninety euros", "Five euros"])
    assert answer.option_index is None and answer.status is AnswerStatus.INSUFFICIENT


def test_a_follow_up_is_written_out_by_the_model() -> None:
    first = Desk(MEETING, chat=small([reading((["E3"], "2.4 million euros."))])).ask(QUESTION)
    whole = json.dumps({"question": "Who pays for the bicycle bridge?"})
    chat = small([whole, reading((["E4"], "The county pays sixty percent."))])
    events = Desk(MEETING, chat=chat).events("And who pays?", turns=[Turn(QUESTION, QUESTION, first)])
    assert Understood("And who pays?", "Who pays for the bicycle bridge?", "model") in events
    assert "Question: Who pays for the bicycle bridge?" in lines_read(chat)


def test_without_a_language_model_the_closest_passages_are_quoted() -> None:
    answer = Desk(MEETING, SLIDES).ask(QUESTION)
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert "two point four million euros" in answer.missing[0] and "No language model" in answer.missing[0]


def test_a_model_that_fails_leaves_the_question_open() -> None:
    def die(_: ChatRequest) -> Completion:
        raise WorkerFailed("The model ran out of memory.", "Close other programs.")

    answer = Desk(MEETING, chat=FakeChat(rule=die, capabilities=SMALL)).ask(QUESTION)
    assert answer.status is AnswerStatus.INSUFFICIENT and "ran out of memory" in answer.missing[0]


def test_only_the_part_of_the_video_that_the_question_names_is_read() -> None:
    chat = small([reading(([], "unknown"))])
    Desk(MEETING, chat=chat).ask("What is said in the first minute?")
    assert "town council" in lines_read(chat) and "two point four" not in lines_read(chat)


@pytest.mark.parametrize("region", [None, Region((0.1, 0.1, 0.5, 0.5), TimeSpan(10, 11))], ids=["see", "zoom_in"])
def test_a_look_that_takes_all_the_time_leaves_the_question_open_and_says_so(region: Region | None) -> None:
    chat, limits = small([], words=0.1), Agent(max_seconds=0.5)
    desk = Desk(MEETING, chat=chat, vision=Eyes(slow=True), settings=limits)
    answer = desk.ask("What colour is the bridge?", region=region)
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert any(one.endswith(": the time ran out.") for one in answer.missing)


def test_a_person_who_cancels_during_a_look_gets_no_answer() -> None:
    cancelled: list[bool] = []

    class Cancelling(Eyes):
        def look(self, *_: object) -> Completion:
            cancelled.append(True)
            raise Cancelled("The model was stopped.")

    desk = Desk(MEETING, chat=small([], words=0.1), vision=Cancelling())
    with pytest.raises(Cancelled, match="question was cancelled"):
        desk.ask("What colour is the bridge?", cancelled=lambda: bool(cancelled))


def test_where_no_model_can_say_whether_words_are_enough_the_pictures_are_looked_at() -> None:
    def weights(_: object, labels: Sequence[str]) -> dict[str, float]:
        if "pictures" in labels:
            raise WorkerFailed("The model ran out of memory.", "Close other programs.")
        return {labels[0]: 0.1, labels[1]: 0.9}

    chat = FakeChat([reading(([], "unknown"))], capabilities=SMALL, weights=weights)
    events = Desk(MEETING, chat=chat, vision=Eyes()).events("What colour is the bridge?")
    assert [event.action for event in events if isinstance(event, Inspected)] == ["look"]


def test_of_many_videos_those_are_looked_at_where_the_question_was_found_best() -> None:
    talk: list[Row] = [
        (at * 10.0, at * 10 + 9.0, f"We talk about item {at} of the long list today.") for at in range(200)
    ]
    desk = Desk(talk, chat=small([reading(([], "unknown"))], words=0.1), vision=Eyes(), duration_s=2100)
    others = [desk.add(name, talk, duration_s=2100) for name in ("b", "c")]
    bridge = desk.add("d", [(90.0, 94.0, "The bicycle bridge is green.")])
    events = desk.events("What colour is the bicycle bridge?", videos=[desk.video, *others, bridge])
    looked = [event.video_id for event in events if isinstance(event, Inspected)]
    assert looked[0] == bridge.id and len(looked) == 2


def test_what_the_person_excludes_is_no_fault_of_a_look() -> None:
    plan = Plan("Who paints it?", sources=(SegmentKind.SPEECH,), by="user")
    desk = Desk(MEETING, chat=small([reading(([], "unknown"))], words=0.1), vision=Eyes())
    assert desk.ask("Who paints it?", plan=plan).status is AnswerStatus.NOT_IN_VIDEO


def test_a_screen_that_cannot_be_read_again_leaves_the_question_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BadInput("v.mp4 cannot be read.", "Plug the disk in.")

    desk = Desk(MEETING, SLIDES, chat=small([reading(([], "unknown"))] * 2))
    monkeypatch.setattr(desk.frames, "at", fail)
    question = "Which number is on the screen at 0:03?"
    sources = (SegmentKind.SPEECH, SegmentKind.SCREEN_TEXT)
    answer = desk.ask(question, plan=Plan(question, sources=sources, scope=find_scope(question), by="user"))
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert answer.missing == ("The screen of v.mp4 could not be read again: v.mp4 cannot be read. Plug the disk in.",)
