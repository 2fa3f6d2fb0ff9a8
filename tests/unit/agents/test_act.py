"""A language model that chooses its own steps, played by a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.actions import Answer, Inspect, Search, Skim, manual, read_action, schema
from agents.agent import VideoAgent
from agents.checkpoints import Checkpoints
from agents.modes import work_of
from agents.toolbox import kinds_of
from app.core.errors import Cancelled, ToolRefused, WorkerFailed
from app.core.events import Answered, Called, Drafted, Event, Inspected, Planned, Searched, Verified, Warned
from app.core.settings import Agent, Settings, Weights
from app.core.types import Answer as FullAnswer
from app.core.types import AnswerStatus, Message, SegmentKind, TimeSpan, from_json
from gpu_workers.language.fakes import FakeLanguageModel, FakeVisionLanguageModel
from gpu_workers.language.openai import OpenAICompatibleModel
from gpu_workers.registry import Workers
from tests.tiny_models import qwen3
from tests.unit.agents.meeting import MEETING, SLIDES
from tests.unit.agents.parts import Desk, Said
from tests.unit.gpu_workers.language.chat_server import chat_service, completion

COST = "How much does the bicycle bridge cost?"


def step(tool: str, **arguments: Any) -> str:
    return json.dumps({"thought": "", "action": {"tool": tool, **arguments}})


def search(query: str, source: str = "any", video: str = "all") -> str:
    return step("search", query=query, video=video, source=source)


def answer(*statements: tuple[str, Sequence[str]]) -> str:
    return step("answer", statements=[{"text": text, "evidence": ids} for text, ids in statements])


def scripted(*replies: str, check: str = "two point four million euros") -> FakeLanguageModel:
    """Chooses these steps in turn; asked for a second opinion it answers `check`, and phrases nothing."""
    left = list(replies)

    def rule(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> str:
        if schema is None:
            return check
        if "action" in schema["properties"]:
            return left.pop(0) if left else "nothing more"
        return json.dumps({"evidence": "none", "answer": "not in video"})

    return FakeLanguageModel(rule=rule)


def free_desk(model: FakeLanguageModel, *, steps: int = 5, **rest: Any) -> Desk:
    return Desk(MEETING, SLIDES, model=model, settings=Agent(mode="free", max_steps=steps), **rest)


def result(events: Sequence[Event]) -> FullAnswer:
    assert isinstance(events[-1], Answered)
    return from_json(FullAnswer, events[-1].answer)


def observations(model: FakeLanguageModel) -> list[str]:
    """What the model was told after each step but the last."""
    asked = [
        prompt for prompt in model.prompts if prompt[0].content.startswith("You answer a question about videos. You")
    ]
    return [prompt[-1].content for prompt in asked[1:]]


def test_the_model_searches_and_answers_and_the_answer_is_verified() -> None:
    model = scripted(search("cost of the bridge"), answer(("It costs 2.4 million euros.", ["E1"])))
    events = free_desk(model).events(COST)
    planned = events[0]
    assert isinstance(planned, Planned) and (planned.mode, planned.mode_reason) == ("free", "the setting")
    kinds = [type(event) for event in events]
    assert kinds == [Planned, Called, Searched, Drafted, Verified, Answered]
    found = result(events)
    assert found.text == "It costs 2.4 million euros."
    assert [c.span for c in found.citations] == [TimeSpan(90.0, 94.0)] and found.citations[0].verified
    assert found.usage.steps == 1


def test_a_statement_that_its_evidence_does_not_state_is_dropped() -> None:
    model = scripted(search("cost of the bridge"), answer(("It costs 9.9 million euros.", ["E1"])))
    events = free_desk(model).events(COST)
    assert [e.supported for e in events if isinstance(e, Verified)] == [False]
    assert result(events).status is AnswerStatus.NOT_IN_VIDEO


def test_an_answer_without_statements_refuses() -> None:
    found = result(free_desk(scripted(search("submarine"), answer())).events("Which submarine dives first of all?"))
    assert found.status is AnswerStatus.NOT_IN_VIDEO and not found.citations


def test_what_a_tool_refuses_is_told_to_the_model_which_goes_on() -> None:
    model = scripted(
        step("skim", video="V9", start_s=0, end_s=10),
        step("skim", video="V1", start_s=900, end_s=950),
        "no JSON at all",
        step("skim", video="V1", start_s=80, end_s=100),
        answer(("It costs 2.4 million euros.", ["E2"])),
    )
    events = free_desk(model).events(COST)
    called = [event for event in events if isinstance(event, Called)]
    assert [event.refused for event in called] == [True, True, True, False]
    told = observations(model)
    assert "There is no video V9. The videos are: V1." in told[0]
    assert "between 0 and 600.0 s" in told[1]
    assert "That is no call of a tool" in told[2]
    assert '[E2] V1 90.0-98.0 s speech: "The cost of the bridge' in told[3]
    assert result(events).status is AnswerStatus.ANSWERED


def test_the_same_call_is_not_carried_out_twice() -> None:
    model = scripted(search("bridge"), search("bridge"), answer(("It costs 2.4 million euros.", ["E1"])))
    events = free_desk(model).events(COST)
    assert [event.refused for event in events if isinstance(event, Called)] == [False, True]
    assert "done already" in observations(model)[1]


def test_an_error_that_the_model_cannot_act_on_is_raised() -> None:
    desk = free_desk(scripted(search("bridge")))

    def broken(*args: object, **kwargs: object) -> list[object]:
        raise WorkerFailed("The index is away.", "Try again.")

    desk.retriever.search = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(WorkerFailed, match="index is away"):
        desk.events(COST)


def test_after_its_steps_the_model_can_only_answer() -> None:
    model = scripted(search("bridge"), search("euros"), answer(("It costs 2.4 million euros.", ["E1"])))
    events = free_desk(model, steps=2).events(COST)
    last = model.prompts[2]
    assert last[-1].content.endswith("No steps are left: answer now.")
    assert "- search:" not in last[0].content and "- answer:" in last[0].content
    assert result(events).usage.steps == 2


def test_a_model_that_never_answers_is_followed_by_rules_that_do() -> None:
    model = scripted(*[search(f"bridge {at}") for at in range(9)])
    events = free_desk(model, steps=3).events("How many members are in favour?")
    assert sum(isinstance(event, Called) for event in events) == 3
    assert any(isinstance(event, Warned) and "so rules do" in event.message for event in events)
    assert result(events).usage.steps == 4
    assert result(events).status is AnswerStatus.NOT_IN_VIDEO  # the model refuses to phrase one


def test_a_model_that_fails_is_followed_by_rules() -> None:
    def broken(messages: Sequence[Message], schema: Mapping[str, Any] | None) -> str:
        raise WorkerFailed("It broke.", "Try again.")

    events = free_desk(FakeLanguageModel(rule=broken)).events("How many members are in favour?")
    assert any(isinstance(event, Warned) and "It broke." in event.message for event in events)
    assert '"Seven members are in favour, two are against."' in result(events).text


def test_a_count_is_told_as_code_has_counted_it() -> None:
    model = scripted(step("count", term="library", source="speech"), answer(("It is said seven times.", ["F1"])))
    found = result(free_desk(model).events('How many times is "library" mentioned in speech?'))
    assert found.text == "3 times: at 7:00, 7:04 and 8:20." and len(found.citations) == 3


def test_the_time_between_two_moments_is_reckoned_from_the_clock() -> None:
    model = scripted(
        search("We vote on the library in June", "speech"),
        search("The first item is the bicycle bridge", "speech"),
        step("apart", first="E1", second="E77"),
        step("apart", first="E1", second="E3"),
        answer(("Seven days.", ["F1"])),
    )
    events = free_desk(model).events("How much later is the vote on the library than the first item?")
    told = observations(model)
    assert "There is no evidence E77." in told[2]
    assert "comes before" in told[3] and "[F1]" in told[3]
    found = result(events)
    assert " apart: at " in found.text and "Seven days" not in found.text


def test_a_when_answer_takes_its_time_from_the_evidence() -> None:
    model = scripted(search("Sundays"), answer(("He talks about Sundays.", ["E1"])))
    found = result(free_desk(model).events("When does he talk about Sundays?"))
    assert found.text.startswith("At 7:04")


def test_an_option_is_chosen_only_with_evidence_that_speaks_for_it() -> None:
    options = ("Two", "Seven", "Nine")
    model = scripted(
        search("in favour"),
        step("choose", option="Nine", evidence=["E1"]),
        step("choose", option="Eleven", evidence=["E1"]),
        step("choose", option="Seven", evidence=["E1"]),
    )
    desk = free_desk(model)
    events = desk.events("How many members are in favour?", options=options)
    assert [event.refused for event in events if isinstance(event, Called)] == [False, True, True]
    assert result(events).option_index == 1


def test_each_video_is_compared_on_its_own() -> None:
    model = scripted(step("compare", term="library"), answer(("Only one.", ["F1"])))
    desk = free_desk(model)
    other = desk.add("w", [(10.0, 12.0, "A submarine dives.")])
    events = desk.events("In which of them is the library a topic?", videos=[desk.video, other])
    assert result(events).text.startswith('In "v.mp4", at 6:55')
    assert "Nothing was found in V2." in observations(model)[0]


def test_a_look_is_kept_and_its_evidence_can_be_named() -> None:
    vision = FakeVisionLanguageModel(rule=lambda frames, question: "The mayor wears a green tie.")
    model = scripted(
        step("inspect", video="V1", start_s=10, end_s=20, question="What colour is the tie of the mayor?"),
        answer(("The mayor wears a green tie.", ["E1"])),
        check="a green tie",
    )
    desk = free_desk(model, vision=vision)
    events = desk.events("What colour is the mayor's tie?")
    assert any(isinstance(event, Inspected) and event.action == "look" for event in events)
    assert result(events).citations[0].kind is SegmentKind.VISUAL


def test_without_a_vision_model_nothing_can_be_inspected() -> None:
    model = scripted(step("inspect", video="V1", start_s=10, end_s=20, question="What colour is the tie?"), answer())
    events = free_desk(model).events("What colour is the mayor's tie?")
    assert next(event for event in events if isinstance(event, Called)).refused
    assert "- inspect:" not in model.prompts[0][0].content
    assert result(events).status is AnswerStatus.INSUFFICIENT


def test_text_and_speech_are_read_again() -> None:
    hidden: list[Said] = [(120.0, 125.0, "Frame 003600")]
    model = scripted(
        step("read_text", video="V1", start_s=121, end_s=124),
        step("transcribe", video="V1", start_s=10, end_s=14),
        step("overview", video="V1"),
        answer(("Frame 003600 is written there.", ["E1"])),
    )
    desk = free_desk(model, hidden=hidden, heard="I call the meeting to order.")
    events = desk.events("What is written on the screen between 2:01 and 2:04?")
    assert [e.action for e in events if isinstance(e, Inspected)] == ["read_text", "transcribe"]
    assert "003600" in result(events).text
    assert any("The first item is the bicycle bridge." in told for told in observations(model))


def test_a_run_that_was_interrupted_goes_on_with_its_next_step(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path / "runs.sqlite")
    desk, stop = free_desk(scripted(search("cost of the bridge"), search("euros"))), list[bool]()
    asked = VideoAgent(desk.parts, checkpoints=store).ask(COST, [desk.video], run_id="r", cancelled=lambda: bool(stop))
    with pytest.raises(Cancelled):
        for event in asked:
            stop += [True] * isinstance(event, Searched)
    model = scripted(answer(("It costs 2.4 million euros.", ["E1"])))
    again = free_desk(model)
    told = list(VideoAgent(again.parts, checkpoints=store).ask(COST, [again.video], run_id="r"))
    store.close()
    assert result(told).text == "It costs 2.4 million euros."
    assert [type(event) for event in told][:3] == [Planned, Called, Searched]
    assert len(observations(model)) == 0 and "bridge" in model.prompts[0][-1].content


def test_what_was_found_long_ago_is_not_shown_again_in_full() -> None:
    long: list[Said] = [(float(at), at + 0.9, f"bridge {at} " + "word " * 60) for at in range(600)]
    model = scripted(*[search(f"bridge {at}", "speech") for at in range(9)], answer())
    desk = Desk(long, model=model, settings=Agent(mode="free", max_steps=9))
    desk.events("Which bridge is the longest of all?")
    assert max(sum(len(m.content) for m in prompt) for prompt in model.prompts) < 18_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no call"),
        ('{"action": {"tool": "dance"}}', "The tools are: search, answer."),
        ('{"action": {"tool": "search", "query": "a", "video": "V1"}}', "source: Field required"),
        ('{"action": {"tool": "search", "query": "", "video": "V1", "source": "any"}}', "query"),
        ("[]", "no call"),
    ],
)
def test_a_call_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(ToolRefused, match=why):
        read_action(text, (Search, Answer))


def test_the_schema_of_a_step_has_no_references_and_the_manual_every_argument() -> None:
    kinds = (Search, Skim, Inspect, Answer)
    told = json.dumps(schema(kinds))
    assert "$ref" not in told and '"const": "search"' in told
    for word in ("- search: Finds", '"source"', "- inspect:", '"statements"'):
        assert word in manual(kinds)


def test_a_model_behind_a_server_chooses_its_steps_by_a_schema_alone() -> None:
    steps = [search("cost of the bridge"), answer(("It costs 2.4 million euros.", ["E1"]))]
    asked: list[dict[str, Any]] = []

    def served(request: dict[str, Any], earlier: int) -> Any:
        asked.append(request)
        bound = "response_format" in request
        return completion(steps.pop(0) if bound else "two point four million euros", 9, 9)

    with chat_service(served) as service:
        settings = Settings(llm_url=service.url, llm_model="eyes-70b")
        model = OpenAICompatibleModel.from_settings(settings, Workers(settings))
        events = Desk(MEETING, SLIDES, model=model).events(COST)
        model.unload()
    planned = events[0]
    assert isinstance(planned, Planned) and planned.mode == "free" and "70 billion" in planned.mode_reason
    assert result(events).text == "It costs 2.4 million euros."
    choices = asked[0]["response_format"]["json_schema"]["schema"]["properties"]["action"]["anyOf"]
    assert "search" in {choice["properties"]["tool"]["const"] for choice in choices}
    assert not any("tools" in request for request in asked)


def test_a_random_model_here_is_bound_to_the_schema_and_one_that_reads_too_little_is_followed_by_rules(
    tmp_path: Path,
) -> None:
    weights = Weights(language_model=str(qwen3(tmp_path)))
    model = Workers(Settings(profile="gpu", weights=weights)).get("language_model")
    kinds = kinds_of({"videos": (), "options": ()}, work_of(Desk(model=model).parts, lambda: False))
    text = model.complete([Message("user", "Begin.")], max_tokens=200, schema=schema(kinds)).text
    assert "".join(text.split()).startswith('{"thought":"')
    desk = Desk(MEETING, SLIDES, model=model, settings=Agent(mode="free", max_steps=2))
    events = desk.events("Which submarine dives?")
    assert any(isinstance(event, Warned) and "so rules choose the steps" in event.message for event in events)
    assert result(events).status is AnswerStatus.NOT_IN_VIDEO
