"""The loop: a model that uses tools, and what becomes of its answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agents.conversation import NO_ROOM
from agents.evidence import expanded
from app.core.errors import Cancelled, WorkerFailed
from app.core.events import Called, Delta, Planned, ToolStarted, Verified, Warned
from app.core.settings import Agent
from app.core.types import (
    AnswerStatus,
    Chapter,
    Completion,
    Digest,
    Frame,
    SegmentKind,
    TimeSpan,
    ToolCall,
    Turn,
    text_tokens,
)
from gpu_workers.language.fakes import ChatRequest, FakeChat
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import DRIVES, READS, Desk, agent_chat, answer_of, answers, calls, is_judging, verdict

QUESTION = "How much does the bicycle bridge cost?"
READ = calls(("read", {"video": "V1"}))
LOOK = calls(("look", {"video": "V1", "frames": 8, "goal": "a slide"}))


def id_of(request: ChatRequest, text: str) -> str:
    """The id of the evidence that holds a text, as the model reads it."""
    line = next(line for line in request.text.splitlines() if text in line and line.startswith("["))
    return line[1:].partition("]")[0]


def test_an_answer_cites_the_sentence_that_the_model_names() -> None:
    chat = FakeChat(
        [READ, lambda request: answers(("2.4 million euros.", [id_of(request, "two point four")])), verdict("yes")],
        capabilities=DRIVES,
    )
    answer = Desk(MEETING, SLIDES, chat=chat).ask(QUESTION)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "2.4 million euros.")
    (cited,) = answer.citations
    assert (cited.span.start_s, cited.span.end_s, cited.verified) == (90.0, 94.0, True)
    assert answer.confidence is not None and answer.confidence > 0.8


def test_tools_of_one_turn_run_together_and_each_is_reported() -> None:
    both = calls(("search", {"queries": ["bridge"]}), ("browse", {"video": "V1"}))
    chat = agent_chat([both, answers(("It is about a bridge.", ["E1"]))])
    events = Desk(MEETING, SLIDES, chat=chat).events(QUESTION)
    assert isinstance(events[0], Planned) and events[0].mode == "loop"
    assert sorted(event.tool for event in events if isinstance(event, ToolStarted)) == ["browse", "search"]
    reported = [event for event in events if isinstance(event, Called)]
    assert sorted(event.tool for event in reported) == ["browse", "search"]
    assert all(len(event.video_ids) == 1 for event in reported)


def test_evidence_keeps_its_id_when_it_is_found_again() -> None:
    chat = agent_chat([READ, READ, answers(("So.", ["E1"]))])
    Desk(MEETING, chat=chat).ask(QUESTION)
    turns = [request for request in chat.requests if not is_judging(request)]
    assert id_of(turns[1], "two point four") == id_of(turns[2], "two point four")


def test_a_model_that_sees_is_shown_the_frames_with_their_times() -> None:
    chat = agent_chat([LOOK, answers(("A slide.", ["E1"]))])
    desk = Desk(screen=SLIDES, chat=chat)
    answer = desk.ask("What is shown?")
    frames = chat.requests[1].frames
    assert len(frames) == 8 and all(isinstance(frame, Frame) for frame in frames)
    assert "[E1] V1 at 0:37.5" in chat.requests[1].text
    (cited,) = answer.citations
    assert cited.kind is SegmentKind.VISUAL and cited.frame_s == 37.5
    assert cited.span.duration_s <= 2.0


def test_a_citation_of_pictures_covers_the_frames_that_were_cited_and_not_all_that_were_shown() -> None:
    dense = calls(("look", {"video": "V1", "spans": [{"start_s": 100, "end_s": 110}], "fps": 1}))
    chat = agent_chat([dense, answers(("A hand waves.", ["E3", "E4"]))])
    (cited,) = Desk(chat=chat).ask("What happens?").citations
    assert 101.5 <= cited.span.start_s <= cited.span.end_s <= 105.0


def test_the_judge_of_pictures_sees_the_cited_frames_and_more_between_them() -> None:
    dense = calls(("look", {"video": "V1", "spans": [{"start_s": 100, "end_s": 110}], "fps": 1}))
    chat = agent_chat([dense, answers(("A hand waves.", ["E3", "E4"]))])
    Desk(chat=chat).ask("What happens?")
    judged = next(request for request in chat.requests if is_judging(request))
    times = [frame.pts_s for frame in judged.frames]
    assert {102.5, 103.5} <= set(times) and len(times) > 2
    assert all(101.0 <= time_s <= 105.0 for time_s in times)


def test_a_rejected_statement_goes_back_once_with_the_reason() -> None:
    chat = agent_chat(
        [READ, answers(("Ninety euros.", ["E1"])), answers(("2.4 million.", ["E5"]))], judge=["no", "yes"]
    )
    answer = Desk(MEETING, SLIDES, chat=chat).ask(QUESTION)
    assert answer.text == "2.4 million."
    turns = [request for request in chat.requests if not is_judging(request)]
    assert "Statement 1 was not accepted (no): It says so." in turns[-1].text


def test_a_statement_that_stays_rejected_is_never_shown() -> None:
    wrong = answers(("Ninety euros.", ["E1"]))
    answer = Desk(MEETING, SLIDES, chat=agent_chat([READ, wrong, wrong], judge=["no", "no"])).ask(QUESTION)
    assert answer.status is not AnswerStatus.ANSWERED
    assert "Ninety" not in answer.text and answer.confidence is None


def test_an_unclear_statement_is_shown_without_being_called_verified() -> None:
    unsure = answers(("Perhaps so.", ["E1"]))
    answer = Desk(MEETING, chat=agent_chat([READ, unsure, unsure], judge=["unclear", "unclear"])).ask(QUESTION)
    assert answer.status is AnswerStatus.ANSWERED
    assert not any(cited.verified for cited in answer.citations)


def test_each_half_of_a_question_has_its_own_citation() -> None:
    halves = answers(("2.4 million euros.", ["E3"]), ("The county pays sixty percent.", ["E4"]))
    chat = agent_chat([READ, halves])
    answer = Desk(MEETING, chat=chat).ask("What does the bridge cost, and what does the county pay?")
    assert len(answer.citations) == 2
    judged = [request for request in chat.requests if is_judging(request)]
    assert len(judged) == 2 and "sixty percent" not in judged[0].text.partition("Evidence")[2]


def test_evidence_that_does_not_exist_supports_nothing() -> None:
    invented = answers(("A million.", ["E99"]))
    events = Desk(MEETING, chat=agent_chat([READ, invented, invented])).events(QUESTION)
    verdicts = [event for event in events if isinstance(event, Verified)]
    assert {event.verdict for event in verdicts} == {"no"} and "E99" in verdicts[0].reason
    assert answer_of(events).status is not AnswerStatus.ANSWERED


def test_a_chapter_title_is_never_proof() -> None:
    title = answers(("A million.", ["E1"]))
    desk = Desk(MEETING, SLIDES, chat=agent_chat([calls(("browse", {"video": "V1"})), title, title]))
    chapter = Chapter(TimeSpan(0, 600), "The bridge costs a million", "")
    desk.library.save_digest(desk.video.id, Digest("", (chapter,)))
    assert desk.ask(QUESTION).status is not AnswerStatus.ANSWERED


def test_what_code_computes_from_chapter_titles_is_no_proof_either() -> None:
    browse, apart = calls(("browse", {"video": "V1"})), calls(("apart", {"ids": ["E1", "E2"]}))
    later = answers(("A minute later.", ["F1"]))
    desk = Desk(MEETING, chat=agent_chat([browse, apart, later, later]), duration_s=600)
    chapters = (Chapter(TimeSpan(0, 60), "The bridge", ""), Chapter(TimeSpan(60, 120), "The library", ""))
    desk.library.save_digest(desk.video.id, Digest("", chapters))
    assert desk.ask("How long after the bridge do they discuss the library?").status is not AnswerStatus.ANSWERED


def test_that_a_word_is_never_said_is_an_answer() -> None:
    tally, never = calls(("tally", {"term": "harbour"})), answers(("It is said 0 times.", ["F1"]))
    answer = Desk(MEETING, chat=agent_chat([tally, never])).ask("How often do they say “harbour”?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "It is said 0 times.")
    (cited,) = answer.citations
    assert cited.verified and cited.span == TimeSpan(0, 600)
    assert cited.quote == "“harbour” is said 0 times, counted word by word."


def test_counts_of_two_parts_keep_their_own_citations_though_they_are_alike() -> None:
    halves = [{"term": "bridge", "span": {"start_s": start, "end_s": start + 50}} for start in (0, 50)]
    tally = calls(*(("tally", half) for half in halves))
    both = answers(("Once before 0:50.", ["F1"]), ("Once after that.", ["F2"]))
    chat = agent_chat([tally, both])
    answer = Desk(MEETING, chat=chat).ask("How often do they say “bridge” in the first 50 seconds, and in the next?")
    assert [cited.span.start_s for cited in answer.citations] == [15.0, 90.0]
    assert "[F1] “bridge” is said 1 times from 0:00 to 0:50, counted" in chat.requests[1].text
    assert "[F2] “bridge” is said 1 times from 0:50 to 1:40, counted" in chat.requests[1].text


def test_the_option_is_found_whatever_the_order_and_the_words() -> None:
    chat = agent_chat([READ, answers(("The figure is 2.4 million.", ["E3"]), option="b")])
    options = ["two million four hundred thousand", "ninety euros"]
    answer = Desk(MEETING, chat=chat).ask(QUESTION, options=options)
    assert "A. ninety euros\nB. two million four hundred thousand" in chat.requests[0].text
    assert answer.option_index == 0


def test_not_in_the_video_is_said_only_after_everything_was_searched() -> None:
    gone = answers(stated="no", could_be_in=["speech", "pictures"])
    chat = agent_chat([READ, gone, calls(("look", {"video": "V1", "frames": 64})), gone])
    answer = Desk(MEETING, SLIDES, chat=chat).ask("Who paints the bridge?")
    turns = [request for request in chat.requests if not is_judging(request)]
    assert "Not yet: the pictures of v.mp4 were not looked at closely enough" in turns[2].text
    assert answer.status is AnswerStatus.NOT_IN_VIDEO and answer.confidence is None
    everything = ("what is said", "what is written on the screen", "the pictures")
    assert answer.searched == tuple(f"{one} (from beginning to end)" for one in everything)


def test_without_eyes_a_question_about_pictures_stays_open_and_says_what_is_missing() -> None:
    gone = answers(stated="no", could_be_in=["pictures"])
    chat = agent_chat([READ, gone], capabilities=READS)
    answer = Desk(MEETING, SLIDES, chat=chat).ask("What colour is the bridge?")
    assert answer.status is AnswerStatus.INSUFFICIENT
    assert "no model that can see is connected" in answer.missing[0]


def test_a_refusal_is_worded_by_code_in_the_language_of_the_question() -> None:
    gone = answers(("Neun Millionen.", []), stated="no", could_be_in=["speech"])
    answer = Desk(MEETING, chat=agent_chat([READ, gone])).ask("Wer streicht die Brücke?")
    assert (answer.status, answer.text) == (
        AnswerStatus.NOT_IN_VIDEO,
        "Das wird im Video nicht gesagt oder gezeigt.",
    )


def test_a_model_that_never_answers_is_stopped_by_its_budget() -> None:
    chat = FakeChat(rule=lambda _: calls(("search", {"queries": ["bridge"]})), capabilities=DRIVES)
    answer = Desk(MEETING, chat=chat, settings=Agent(max_steps=3)).ask(QUESTION)
    # Three steps, the last turn, and two tries of it as JSON.
    assert answer.status is AnswerStatus.INSUFFICIENT and len(chat.requests) == 6


def test_yes_without_a_statement_is_no_answer() -> None:
    chat = agent_chat([READ, answers(), answers(("2.4 million.", ["E3"]))])
    assert Desk(MEETING, chat=chat).ask(QUESTION).text == "2.4 million."
    assert "Give statements with their evidence" in chat.requests[2].text


@pytest.mark.parametrize(
    "arguments",
    [
        '{"video": "V1", "start_s": "abc"}',
        '{"video": "V1", "start_s": -5}',
        '{"video": "V1", "end_s": 1e999}',
        '{"video": "V1", "side": Infinity}',
        "[" * 100_000,
        "not json",
    ],
)
def test_nonsense_in_a_call_is_an_observation_and_never_an_error(arguments: str) -> None:
    bad = Completion("", 1, 1, (ToolCall("c", "read", arguments),), "calls")
    chat = agent_chat([bad, answers(("So.", ["E" + "9" * 5000])), answers(stated="no"), answers(stated="no")])
    assert Desk(MEETING, chat=chat).ask(QUESTION).status is not AnswerStatus.ANSWERED


def test_a_call_that_cannot_be_used_is_explained_to_the_model() -> None:
    bad = calls(("look", {"video": "V9"}), ("fly", {}), ("search", {"queries": []}))
    gone = answers(stated="unsure", could_be_in=["speech"])
    chat = agent_chat([bad, gone, gone])
    Desk(MEETING, chat=chat).ask(QUESTION)
    seen = chat.requests[1].text
    assert "There is no video V9. The videos are: V1." in seen
    assert "There is no tool fly." in seen
    assert "The call cannot be used: queries" in seen


def test_text_instead_of_a_call_is_asked_for_as_an_answer() -> None:
    said = Completion("It costs 2.4 million.")
    form = answers(("2.4 million.", ["E3"])).calls[0].arguments
    chat = FakeChat([READ, said, said, form, verdict("yes")], capabilities=DRIVES)
    assert Desk(MEETING, chat=chat).ask(QUESTION).text == "2.4 million."


def test_the_last_turn_offers_only_the_answer() -> None:
    chat = agent_chat([READ, READ, answers(("So.", ["E3"]))])
    Desk(MEETING, chat=chat, settings=Agent(max_steps=2)).ask(QUESTION)
    assert [tool.name for tool in chat.requests[2].tools] == ["answer"]
    assert "No steps are left" in chat.requests[2].text


@pytest.mark.parametrize(
    "last",
    [
        Completion("It costs 2.4 million."),
        READ,
        answers(),
        Completion("", 1, 1, (ToolCall("c", "answer", "{"),), "calls"),
    ],
    ids=["text", "another tool", "no statement", "not JSON"],
)
def test_a_last_turn_that_is_no_answer_is_asked_for_once_more_as_json(last: Completion) -> None:
    form = answers(("2.4 million.", ["E3"])).calls[0].arguments
    chat = FakeChat([READ, last, form, verdict("yes")], capabilities=DRIVES)
    answer = Desk(MEETING, chat=chat, settings=Agent(max_steps=1)).ask(QUESTION)
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "2.4 million.")
    assert chat.requests[2].schema is not None and "statements" in chat.requests[2].schema["properties"]


def test_a_model_whose_json_cannot_be_used_either_is_not_asked_again() -> None:
    nothing = answers().calls[0].arguments
    chat = FakeChat([READ, READ, nothing], capabilities=DRIVES)
    answer = Desk(MEETING, chat=chat, settings=Agent(max_steps=1)).ask(QUESTION)
    assert answer.missing[0] == "The model gave no usable answer." and len(chat.requests) == 3


def test_frames_are_limited_over_all_looks_of_an_answer() -> None:
    chat = agent_chat([LOOK, LOOK, answers(("So.", ["E1"]))])
    desk = Desk(screen=SLIDES, chat=chat, settings=Agent(max_frames=10))
    answer = desk.ask("What is shown?")
    assert answer.usage.frames == 10


def test_a_model_server_that_dies_gives_a_warning_and_an_open_answer() -> None:
    def die(_: ChatRequest) -> str:
        raise WorkerFailed("The model server at 127.0.0.1 is away.", "Start it.")

    events = Desk(MEETING, chat=FakeChat([READ], rule=die, capabilities=DRIVES)).events(QUESTION)
    answer = answer_of(events)
    assert answer.status is AnswerStatus.INSUFFICIENT and "is away" in answer.missing[0]
    assert any(isinstance(event, Warned) and "is away" in event.message for event in events)


def test_a_library_that_breaks_inside_the_model_ends_in_an_open_answer(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(_: ChatRequest) -> str:
        raise ZeroDivisionError

    events = Desk(MEETING, chat=FakeChat([READ], rule=break_down, capabilities=DRIVES)).events(QUESTION)
    answer = answer_of(events)
    assert answer.status is AnswerStatus.INSUFFICIENT and "ZeroDivisionError" in answer.missing[0]
    assert "The step think failed" in caplog.text


def test_a_library_that_breaks_inside_a_tool_is_reported_and_the_model_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(MEETING, chat=agent_chat([LOOK, READ, answers(("2.4 million.", ["E3"]))]))
    monkeypatch.setattr(desk.frames, "at", lambda *_, **__: 1 / 0)
    events = desk.events(QUESTION)
    assert answer_of(events).text == "2.4 million."
    assert any(isinstance(event, Warned) and "ZeroDivisionError" in event.message for event in events)
    assert "The tool look failed" in caplog.text


def test_calls_beyond_the_limit_of_a_turn_are_refused_by_name() -> None:
    many = calls(*[("read", {"video": "V1"})] * 10)
    chat = agent_chat([many, answers(("2.4 million.", ["E3"]))])
    Desk(MEETING, chat=chat).ask(QUESTION)
    replies = [message.text for message in chat.requests[1].messages if message.role == "tool"]
    assert len(replies) == 10 and sum("Not run: 8 calls" in reply for reply in replies) == 2


def test_an_answer_says_that_a_refuted_half_is_left_out() -> None:
    halves = answers(("2.4 million euros.", ["E3"]), ("The county pays it all.", ["E4"]))
    chat = agent_chat([READ, halves, halves], judge=["yes", "no", "yes", "no"])
    answer = Desk(MEETING, chat=chat).ask("What does the bridge cost, and what does the county pay?")
    assert answer.text == "2.4 million euros." and len(answer.citations) == 1
    assert answer.missing == ("A part of the answer is left out, because its evidence does not support it.",)


@pytest.mark.parametrize("verdict_of_the_other_half", ["no", "unclear"])
@pytest.mark.parametrize("stated", ["no", "unsure"])
def test_a_repair_that_gives_up_keeps_the_half_that_was_verified(verdict_of_the_other_half: str, stated: str) -> None:
    halves = answers(("2.4 million euros.", ["E3"]), ("The county pays it all.", ["E4"]))
    half = answers(("2.4 million euros.", ["E3"]), stated=stated)
    chat = agent_chat([READ, halves, half], judge=["yes", verdict_of_the_other_half])
    answer = Desk(MEETING, chat=chat).ask("What does the bridge cost, and who paints it?")
    assert (answer.status, answer.text) == (AnswerStatus.ANSWERED, "2.4 million euros.")
    assert [cited.verified for cited in answer.citations] == [True]
    assert answer.missing == ("A part of the answer is left out, because its evidence does not support it.",)


def test_a_repair_that_gives_up_a_statement_that_was_not_accepted_leaves_nothing() -> None:
    chat = agent_chat(
        [READ, answers(("Ninety euros.", ["E1"])), answers(stated="no", could_be_in=["speech"])], judge=["unclear"]
    )
    assert Desk(MEETING, chat=chat).ask(QUESTION).status is AnswerStatus.NOT_IN_VIDEO


def test_only_the_cited_words_that_show_the_answer_stay_cited() -> None:
    judged = json.dumps({"reason": "It says so.", "verdict": "yes", "shown_by": "[E3]"})
    chat = FakeChat([READ, answers(("2.4 million.", ["E1", "E3", "E4"])), judged], capabilities=DRIVES)
    (cited,) = Desk(MEETING, chat=chat).ask(QUESTION).citations
    assert "two point four million" in cited.quote and cited.verified


def test_a_judge_that_fails_leaves_the_claim_unverified() -> None:
    def die(_: ChatRequest) -> str:
        raise WorkerFailed("The judge is away.", "")

    good = answers(("2.4 million.", ["E3"]))
    answer = Desk(MEETING, chat=FakeChat([READ, good, die, good, die], capabilities=DRIVES)).ask(QUESTION)
    assert answer.status is AnswerStatus.ANSWERED and not answer.citations[0].verified


def test_a_cancelled_question_ends_at_once() -> None:
    with pytest.raises(Cancelled):
        Desk(MEETING, chat=agent_chat([READ])).events(QUESTION, cancelled=lambda: True)


def test_what_the_model_writes_streams_and_is_not_stored() -> None:
    chat = agent_chat([calls(("read", {"video": "V1"}), text="I read it first."), answers(("So.", ["E3"]))])
    events = Desk(MEETING, chat=chat).events(QUESTION)
    assert "".join(event.text for event in events if isinstance(event, Delta)) == "I read it first."


@pytest.mark.parametrize("context", [12_000, 32_000])
def test_what_the_model_reads_never_fills_more_than_its_context_and_the_latest_stays(context: int) -> None:
    long = [(float(at * 2), at * 2 + 1.0, f"Sentence {at} says some words again and again.") for at in range(1700)]
    pages = calls(*[("read", {"video": "V1", "page": page}) for page in range(1, 9)])
    chat = agent_chat([pages, pages, answers(("So.", ["E1"]))], capabilities=replace(READS, context=context))
    Desk(long, chat=chat, duration_s=3600).ask(QUESTION)
    for request in chat.requests[1:3]:
        results = [message.text for message in request.messages if message.role == "tool"]
        assert text_tokens("".join(results)) < 0.5 * context
        assert results[0] == NO_ROOM and "Sentence" in results[-2] and "Page 8" in results[-1]


def test_the_model_sees_earlier_turns_with_the_moments_they_cited() -> None:
    first = Desk(MEETING, chat=agent_chat([READ, answers(("2.4 million.", ["E3"]))])).ask(QUESTION)
    chat = agent_chat([READ, answers(("The county.", ["E4"]))])
    Desk(MEETING, chat=chat).ask("And who pays?", turns=[Turn(QUESTION, QUESTION, first)])
    assert f"Question: {QUESTION}" in chat.requests[0].text
    assert "V1 1:30-1:34: The cost of the bridge is two point four million euros." in chat.requests[0].text


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("E3", ["E3"]),
        ("[e3], F1", ["E3", "F1"]),
        ("E3-E5", ["E3", "E4", "E5"]),
        ("E3 to 4", ["E3", "E4"]),
        ("E12 - 3 cars", ["E12"]),
        ("E7 to 2:05", ["E7"]),
        ("E3 - 0:15", ["E3"]),
        ("E3 - 15:20", ["E3"]),
        ("证据E3", ["E3"]),
        ("SCENE3", []),
        ("none", []),
    ],
)
def test_ids_are_read_as_models_write_them(written: str, ids: list[str]) -> None:
    assert list(expanded(written)) == ids
