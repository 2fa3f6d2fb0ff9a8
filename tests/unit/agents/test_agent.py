from __future__ import annotations

import itertools
import time

import pytest

from agents.agent import VideoAgent
from app.core.errors import BadInput, Cancelled, WorkerFailed
from app.core.events import Answered, Drafted, Planned, Reflected, Searched, Verified, Warned
from app.core.settings import Agent
from app.core.types import AnswerStatus, Completion, TimeSpan
from gpu_workers.language.fakes import FakeLanguageModel
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said, names


def test_the_steps_come_in_order_and_the_answer_last() -> None:
    model = FakeLanguageModel(rule=names("million", "It costs 2.4 million euros."))
    events = Desk(MEETING, SLIDES, model=model).events("How much does the bicycle bridge cost?")
    kinds = [type(event) for event in events]
    assert kinds[0] is Planned
    assert kinds[-1] is Answered
    order = [kinds.index(kind) for kind in (Planned, Searched, Reflected, Drafted, Verified, Answered)]
    assert order == sorted(order)


def test_an_answer_cites_the_sentence_that_says_it() -> None:
    model = FakeLanguageModel(rule=names("million", "It costs 2.4 million euros."))
    answer = Desk(MEETING, SLIDES, model=model).ask("How much does the bicycle bridge cost?")
    assert answer.status is AnswerStatus.ANSWERED
    assert answer.text == "It costs 2.4 million euros."
    (citation,) = answer.citations
    assert citation.span == TimeSpan(90.0, 94.0)
    assert citation.quote == "The cost of the bridge is two point four million euros."
    assert citation.verified
    assert answer.usage.prompt_tokens > 0
    assert 0 < answer.confidence <= 1


def test_a_claim_with_a_wrong_number_is_not_told() -> None:
    model = FakeLanguageModel(rule=names("million", "It costs 9.9 million euros."))
    desk = Desk(MEETING, SLIDES, model=model)
    events = desk.events("How much does the bicycle bridge cost?")
    assert [e.supported for e in events if isinstance(e, Verified)] == [False]
    assert desk.ask("How much does the bicycle bridge cost?").status is AnswerStatus.NOT_IN_VIDEO


def test_evidence_is_repaired_when_the_model_names_the_wrong_excerpt() -> None:
    model = FakeLanguageModel(rule=names("sixty percent", "Seven members are in favour of the bridge."))
    shares = (95.0, 98.0, "The members of the county pay sixty percent of the bridge.")
    answer = Desk([shares, MEETING[4]], model=model).ask("How many members are in favour of the bridge?")
    assert [c.span for c in answer.citations] == [TimeSpan(300.0, 303.0)]


def test_a_claim_is_compared_with_each_sentence_of_a_long_passage() -> None:
    passage: list[Said] = [
        (9.0, 14.0, "In February two motors failed while snow fell through half open roofs that we closed."),
        (14.0, 18.0, "The gear was cast again by a foundry in Milton."),
        (18.0, 23.0, "Later lightning struck one cupboard, yet all data had been copied to tape."),
        (23.0, 28.0, "Every autumn we send those tapes downhill on foot, as our cable car stops."),
    ]
    model = FakeLanguageModel(rule=names("Milton", "Milton"))
    answer = Desk(passage, model=model).ask("Where was the new gear for the motor cast?")
    assert (answer.text, answer.citations[0].span) == ("Milton", TimeSpan(14.0, 18.0))


@pytest.mark.parametrize(
    "question",
    [
        "Why does the mayor throw the cup against the wall?",
        "How high is the fine for the Blue Anchor?",
        "What does Captain Nemo say about the library?",
        "Which school will be renovated?",
    ],
)
def test_what_nobody_says_is_not_answered_even_if_the_model_insists(question: str) -> None:
    model = FakeLanguageModel(rule=names("[E1]", "The library will open on Sundays."))
    answer = Desk(MEETING, SLIDES, model=model).ask(question)
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    assert answer.citations == ()
    assert "speech and on-screen text" in answer.text


def test_a_model_that_refuses_is_believed() -> None:
    model = FakeLanguageModel(rule=names("nowhere to be found", ""))
    answer = Desk(MEETING, model=model).ask("How much does the bicycle bridge cost?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO


def test_without_a_language_model_the_best_evidence_is_quoted() -> None:
    answer = Desk(MEETING, SLIDES).ask("How many members are in favour?")
    assert answer.status is AnswerStatus.ANSWERED
    assert '"Seven members are in favour, two are against."' in answer.text
    assert answer.text.startswith("At 5:00")


def test_a_title_is_not_quoted_as_a_reason() -> None:
    answer = Desk(screen=SLIDES).ask("Why is the bicycle bridge item 1?")
    assert answer.status is not AnswerStatus.ANSWERED


def test_a_language_model_that_fails_is_told_of_and_evidence_is_quoted() -> None:
    class Broken:
        model = "broken@1"

        def complete(
            self, messages: object, *, max_tokens: int, schema: object = None, stop: object = None
        ) -> Completion:
            raise WorkerFailed("It broke.", "Try again.")

    events = Desk(MEETING, model=Broken()).events("How many members are in favour?")
    assert any(isinstance(e, Warned) and "It broke." in e.message for e in events)
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.answer["status"] == "answered"


def test_the_time_of_a_moment_is_written_from_the_store() -> None:
    answer = Desk(MEETING, SLIDES).ask("When does he talk about Sundays?")
    assert answer.text.startswith("At 7:04")
    assert answer.citations[0].span == TimeSpan(424.0, 428.0)


def test_each_moment_of_a_when_answer_tells_how_sure_it_is() -> None:
    said: list[Said] = [(10.0, 12.0, "The ferry leaves."), (90.0, 96.0, "Rain or not, the old ferry leaves as always.")]
    desk = Desk(said)
    first, second = desk.ask("When does he talk about the ferry?").citations
    assert first.confidence and second.confidence and first.confidence > second.confidence
    *_, answered = VideoAgent(desk.parts, lambda confidence: confidence / 2).ask(
        "When does he talk about the ferry?", [desk.video]
    )
    assert isinstance(answered, Answered)
    assert [one["confidence"] for one in answered.answer["citations"]] == [first.confidence / 2, second.confidence / 2]


def test_the_moments_of_other_answers_tell_no_confidence_of_their_own() -> None:
    answer = Desk(MEETING, SLIDES).ask('How many times is "library" mentioned in speech?')
    assert [one.confidence for one in answer.citations] == [None, None, None]


def test_mentions_are_counted_in_speech() -> None:
    answer = Desk(MEETING, SLIDES).ask('How many times is "library" mentioned in speech?')
    assert answer.text == "3 times: at 7:00, 7:04 and 8:20."
    assert len(answer.citations) == 3


def test_a_stretch_is_read_when_a_question_has_only_time_words() -> None:
    answer = Desk(MEETING).ask("What is said at 1:32?")
    assert "two point four million" in answer.text
    assert all(c.span.end_s < 110 for c in answer.citations)


def test_a_silent_stretch_is_not_answered_from_elsewhere() -> None:
    answer = Desk(MEETING).ask("What is said at 3:20?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO


def test_a_time_past_the_end_is_told() -> None:
    answer = Desk(MEETING).ask("What is said at 40:00?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    assert "ends at 10:00" in answer.text


def test_what_comes_after_something_is_found_beside_it() -> None:
    answer = Desk(MEETING).ask("What does he say right after the county pays sixty percent?")
    assert answer.status is not AnswerStatus.ANSWERED
    close: list[Said] = [*MEETING[:4], (100.0, 103.0, "Construction would start in September.")]
    answer = Desk(close).ask("What does he say right after the county pays sixty percent?")
    assert answer.text == 'At 1:40: "Construction would start in September."'


def test_the_last_text_on_the_screen_is_the_latest() -> None:
    answer = Desk(MEETING, SLIDES).ask("What is the last line of text shown?")
    assert "KX-4471" in answer.text


def test_an_empty_video_says_so() -> None:
    answer = Desk().ask("What happens in the video?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    assert "no speech" in answer.text


def test_a_video_without_speech_says_that_no_speech_was_found() -> None:
    answer = Desk(screen=SLIDES).ask("What does the presenter say?")
    assert answer.status is AnswerStatus.NOT_IN_VIDEO
    assert answer.text == "No speech was found in the video."


def test_a_cancelled_question_raises() -> None:
    calls = itertools.count()
    with pytest.raises(Cancelled):
        Desk(MEETING).events("How many members are in favour?", cancelled=lambda: next(calls) > 1)


def test_an_error_of_a_part_is_raised_and_never_answered() -> None:
    desk = Desk(MEETING)

    def broken(*args: object, **kwargs: object) -> list[object]:
        raise WorkerFailed("The index is away.", "Try again.")

    desk.retriever.search = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(WorkerFailed, match="index is away"):
        desk.events("How many members are in favour?")


@pytest.mark.parametrize(("question", "options"), [("  ", ()), ("Which?", ("only one",))])
def test_a_question_that_cannot_be_asked_is_refused(question: str, options: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        Desk(MEETING).events(question, options=options)


def test_several_videos_are_searched_and_the_right_one_is_cited() -> None:
    desk = Desk(MEETING)
    other = desk.add("kitchen", [(5.0, 9.0, "Bake the bread at two hundred degrees.")])
    answer = desk.ask("At which temperature is the bread baked?", videos=[desk.video, other])
    assert [c.video_id for c in answer.citations] == [other.id]


def test_a_video_without_any_words_leaves_a_question_open() -> None:
    desk = Desk(MEETING)
    answer = desk.ask("How many members are in favour?", videos=[desk.add("empty", [])])
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert "no speech, no text" in answer.text


def test_a_list_in_a_sentence_is_counted_and_told() -> None:
    said: list[Said] = [(5.0, 9.0, "It is published in the English, French and Danish languages.")]
    answer = Desk([*MEETING, *said]).ask("In how many languages is it published?")
    assert answer.text == "3: English, French and Danish."
    assert answer.citations[0].span == TimeSpan(5.0, 9.0)


@pytest.mark.parametrize(
    "question",
    ["What are the names of the three telescopes?", "Which three telescopes are there?", "Name its 3 telescopes."],
)
def test_the_items_of_a_list_are_told_when_it_has_as_many_as_are_asked_for(question: str) -> None:
    slides: list[Said] = [
        (5.0, 9.0, "The three telescopes\nHeron: built 1991\n\u2022 Wren: built 2004\n\u2022 Plover: new")
    ]
    answer = Desk(MEETING, slides).ask(question)
    assert answer.text == "Heron, Wren and Plover."
    assert answer.citations[0].span == TimeSpan(5.0, 9.0)
    assert answer.citations[0].verified


@pytest.mark.parametrize(
    "question", ["What are the names of the four telescopes?", "Name the three telescopes it sold."]
)
def test_a_list_of_other_things_or_of_another_length_names_nothing(question: str) -> None:
    slides: list[Said] = [(5.0, 9.0, "The three telescopes\n\u2022 Heron\n\u2022 Wren\n\u2022 Plover")]
    assert Desk(MEETING, slides).ask(question).text != "Heron, Wren and Plover."


def test_a_list_that_does_not_tell_its_number_is_left_to_the_model() -> None:
    shown: list[Said] = [(5.0, 9.0, "The features: it makes a block like START, blah, END.")]
    assert Desk(MEETING, shown).ask("Which three features are listed?").text != "START, blah and END."


@pytest.mark.parametrize("options", [("2", "3", "5"), ("Five", "Two", "Three")])
def test_the_option_with_the_number_of_a_list_is_chosen(options: tuple[str, ...]) -> None:
    said: list[Said] = [(5.0, 9.0, "It is published in the English, French and Danish languages.")]
    answer = Desk([*MEETING, *said]).ask("In how many languages is it published?", options=options)
    assert answer.text in ("3", "Three")
    assert answer.citations[0].span == TimeSpan(5.0, 9.0)
    unfit = Desk([*MEETING, *said]).ask("In how many languages is it published?", options=("2", "5"))
    assert unfit.option_index is None


def test_every_mention_is_counted_however_many_there_are() -> None:
    said: list[Said] = [(at * 10.0, at * 10.0 + 3, f"Here is the library, note {at}.") for at in range(40)]
    events = Desk(said).events('How many times is "library" mentioned in speech?')
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.answer["text"].startswith("40 times")
    listed = next(e for e in events if isinstance(e, Searched))
    assert len(listed.hits) == 40


def test_what_is_said_after_a_slide_appears_is_found_in_two_steps() -> None:
    said: list[Said] = [*MEETING[:4], (416.0, 419.0, "Let us come to opening hours."), *MEETING[5:]]
    events = Desk(said, SLIDES).events('What is said right after the slide "Item 2: Library hours" appears?')
    searches = [e for e in events if isinstance(e, Searched)]
    assert searches[0].query == "where is: Item 2: Library hours"
    assert searches[0].hits[0].kind == "screen_text"
    last = events[-1]
    assert isinstance(last, Answered)
    assert "Let us come to opening hours." in last.answer["text"]
    assert last.answer["citations"][0]["kind"] == "speech"


def test_what_lies_between_two_events_is_read_and_nothing_beyond_them() -> None:
    answer = Desk(MEETING).ask(
        'What is said between "the county pays sixty percent" and "the second item is the library"?'
    )
    assert "Seven members" in answer.text
    assert all(95.0 < c.span.start_s < 420.0 for c in answer.citations)


OPTIONS = ["1.1 million euros", "2.4 million euros", "9 million euros", "60 euros"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_options_does_not_matter(order: tuple[int, ...]) -> None:
    answer = Desk(MEETING, SLIDES).ask("How much does the bicycle bridge cost?", options=[OPTIONS[i] for i in order])
    assert answer.option_index is not None
    assert OPTIONS[order[answer.option_index]] == "2.4 million euros"


def test_no_option_is_guessed_unless_that_is_asked_for() -> None:
    question, options = "Which submarine sinks?", ["Nautilus", "Kursk", "Thresher"]
    assert Desk(MEETING).ask(question, options=options).option_index is None
    forced = {
        listed[index]
        for listed in itertools.permutations(options)
        if (index := Desk(MEETING, settings=Agent(always_choose=True)).ask(question, options=listed).option_index)
        is not None
    }
    assert len(forced) == 1
    answer = Desk(MEETING, settings=Agent(always_choose=True)).ask(question, options=options)
    assert answer.status is not AnswerStatus.ANSWERED
    assert answer.citations == ()


def test_options_that_are_not_given_cannot_be_chosen_from() -> None:
    answer = Desk(MEETING).ask('Which of these is NOT one of the "item" lines?')
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert "none were given" in answer.text


def test_a_model_that_writes_past_the_time_is_stopped_and_evidence_is_quoted() -> None:
    class Slow(FakeLanguageModel):
        stopped = False

        def complete(self, messages, *, max_tokens, schema=None, stop=None):  # type: ignore[no-untyped-def]
            while not stop():
                time.sleep(0.01)
            self.stopped = True
            raise Cancelled("stopped")

    slow = Slow()
    answer = Desk(MEETING, model=slow, settings=Agent(max_seconds=0.3)).ask("How many members are in favour?")
    assert slow.stopped
    assert "Seven members are in favour" in answer.text


def test_a_person_who_cancels_stops_the_model_in_the_middle() -> None:
    class Watched(FakeLanguageModel):
        def complete(self, messages, *, max_tokens, schema=None, stop=None):  # type: ignore[no-untyped-def]
            asked.append(True)
            assert stop()
            raise Cancelled("stopped")

    asked: list[bool] = []
    with pytest.raises(Cancelled):
        Desk(MEETING, model=Watched()).events("How many members are in favour?", cancelled=lambda: bool(asked))
    assert asked


def test_a_name_is_not_taken_from_text_that_does_not_tell_what_the_person_does() -> None:
    desk = Desk(MEETING, [(0.0, 600.0, "A history by Karl Gross")])
    question = "What is the name of the person who narrates it?"
    assert desk.ask(question, options=["Karl Gross", "Anna Berg"]).option_index is None
